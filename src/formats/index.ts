// SPDX-License-Identifier: Apache-2.0
// The formats room: what other rooms may import. Without the lines for people, which an agent does not write.

export type { AnyEvent } from "./any.js";
export { wantsColor } from "./color.js";
export {
  type CloudtaserEvent,
  describeEvent,
  type EventOffender,
  type EventTarget,
  eventSchema,
  eventSchemaName,
} from "./event.js";
export { type EventFilter, eventFilter, type FilterOptions } from "./filter.js";
export { type Format, type FormatName, formatNames, isJson } from "./format.js";
export { loadFormat, native } from "./load.js";
export { attackText, formatNative, nativeText, shared } from "./native.js";
export { describeNotice, type NoticeEvent, type NoticeType, noticeSchema, noticeTypes } from "./notice.js";
