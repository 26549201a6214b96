// SPDX-License-Identifier: Apache-2.0
// The sinks room: what other rooms may import.

export { Outlets, type OutletsConfig, type SinkReport, type Switch } from "./outlets.js";
export { dropReasons, latencyBounds, type SinkDropReason, type SinkStats } from "./sink.js";
