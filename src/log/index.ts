// SPDX-License-Identifier: Apache-2.0
// The log room: what other rooms may import.

export { cleanData, createLog, type Log, type LogData, Patience } from "./log.js";
