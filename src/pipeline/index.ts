// SPDX-License-Identifier: Apache-2.0
// The pipeline room: what other rooms may import.

export { type AbiNames, abiNames, type GeneratedAbi, type KernelOutcome } from "./abi.js";
export { type BootClock, type ClockSources, createBootClock, formatTime } from "./clock.js";
export type { DecodedEvent, DecodedIdentity } from "./decoded.js";
export { type DropReason, type PipelineContext, type Place, pipelineDrops, type Sequence } from "./draft.js";
export { containerIdOf, createFacts, type Facts, type FactsStats, type PodOf, type ProcessFacts } from "./facts.js";
export { unscannedReasons } from "./leak.js";
export type { Notice } from "./notice.js";
export { createPipeline, type Pipeline, type PipelineStats, type Publish } from "./pipeline.js";
export { createProcReader, type ProcReader, type ProcStat, readBootId } from "./procfs.js";
export { abiVersion } from "./steps.js";
export { errnoName, syscallName } from "./syscalls.js";
