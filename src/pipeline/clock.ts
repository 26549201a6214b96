// SPDX-License-Identifier: Apache-2.0
// Kernel times count from boot (suspend included); events carry wall-clock time. This is the bridge.

import { readFileSync } from "node:fs";

export interface BootClock {
  /** Wall-clock nanoseconds of the moment of boot; add a boot time to it. */
  offsetNs(): bigint;
}

export interface ClockSources {
  /** Text of /proc/uptime: seconds since boot with two decimals. */
  readUptime(): string;
  /** Wall-clock milliseconds, with a fraction. */
  wallMs(): number;
  /** Milliseconds that never jump, with a fraction. */
  steadyMs(): number;
}

const realSources: ClockSources = {
  readUptime: () => readFileSync("/proc/uptime", "utf8"),
  // Date.now() has whole milliseconds; it is read where the uptime ticks, so that is the error.
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
};

const tickMs = 10;
const recheckMs = 10_000;

/** Waits for the uptime to tick (10 ms at most) once; later looks again now and then, and follows the wall clock only when it
 *  has been set, so that the same process keeps the same start time from event to event. */
export function createBootClock(sources: ClockSources = realSources): BootClock {
  const uptimeMs = () => {
    const seconds = Number.parseFloat(sources.readUptime());
    return Math.round(seconds * 1000);
  };
  const measure = () => {
    const first = uptimeMs();
    const deadline = sources.steadyMs() + 3 * tickMs;
    let now = first;
    while (now === first && sources.steadyMs() < deadline) now = uptimeMs();
    return sources.wallMs() - now;
  };
  const toNs = (ms: number) => BigInt(Math.round(ms * 1000)) * 1000n;
  let offsetMs = measure();
  let offsetNs = toNs(offsetMs);
  let checkedAt = sources.steadyMs();
  return {
    offsetNs() {
      if (sources.steadyMs() - checkedAt > recheckMs) {
        checkedAt = sources.steadyMs();
        if (Math.abs(sources.wallMs() - uptimeMs() - offsetMs) > 5 * tickMs) {
          offsetMs = measure();
          offsetNs = toNs(offsetMs);
        }
      }
      return offsetNs;
    },
  };
}

let shown = { second: 0, text: "1970-01-01T00:00:00." };

/** RFC 3339 in UTC with nine decimals. */
export function formatTime(wallNs: bigint): string {
  const second = Number(wallNs / 1_000_000_000n);
  // Many of a second come together, and text of it is dear.
  if (second !== shown.second) shown = { second, text: new Date(second * 1000).toISOString().slice(0, -4) };
  const rest = Number(wallNs % 1_000_000_000n);
  return `${shown.text}${String(1_000_000_000 + rest).slice(1)}Z`;
}
