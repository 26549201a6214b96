// SPDX-License-Identifier: Apache-2.0
// The formats room: what other rooms may import.

export { type AnyEvent, isNotice } from "./any.js";
export { wantsColor } from "./color.js";
export {
  type CloudtaserEvent,
  describeEvent,
  type EventOffender,
  type EventTarget,
  eventSchema,
  eventSchemaName,
} from "./event.js";
export { formatHuman, formatNotice } from "./human.js";
export { formatNative } from "./native.js";
export { describeNotice, type NoticeEvent, type NoticeType, noticeSchema, noticeTypes } from "./notice.js";
export { type Format, type FormatName, formatNames, formats } from "./registry.js";
export { severityScales } from "./severity.js";
