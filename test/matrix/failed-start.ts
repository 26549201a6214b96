// SPDX-License-Identifier: Apache-2.0
// Starts that fail on a node where nothing stood before: whatever was up by then is down again afterwards.
import { expect } from "vitest";
import { inAll } from "./extent.js";
import type { Suite } from "./suite.js";

const strict = { mode: "enforce", selfProtection: true, nodeGuards: "always" };

/** @param leftInTheEnd hooks of ours that are called, and what is pinned; no agent runs before and after these */
export function failedStartTests(
  { field, victim }: () => Pick<Suite, "field" | "victim">,
  leftInTheEnd: () => Promise<string>,
): void {}
