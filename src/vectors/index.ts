// SPDX-License-Identifier: Apache-2.0
// The vectors room: what other rooms may import.

export {
  type ArgumentForm,
  type ArgumentMeaning,
  type GuardDoor,
  type Mode,
  modes,
  type Severity,
  severities,
  type VectorEntry,
} from "./entry.js";
export { lateWorth } from "./late.js";
export { type GeneratedEnum, joinVectorNumbers, namesByNumber, type VectorNumbers } from "./names.js";
export { severityOf, severityText } from "./severity.js";
export { type EventType, isVectorName, type VectorName, vectorEntry, vectorNames, vectorTable } from "./table.js";
