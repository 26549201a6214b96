// SPDX-License-Identifier: Apache-2.0
// What the agent gives its kernel side to work with.
import type { Event } from "./abi.gen.js";
import type { Form } from "./doors.js";
import type { Native } from "./native.js";
import type { ObjectSource } from "./objects.js";
import type { KernelFacts } from "./probe.js";

export interface KernelOptions {
  native: Native;
  facts: KernelFacts;
  objects: ObjectSource;
  /** Path of cloudtaser-canary. */
  canary: string;
  form: "auto" | Form;
  pinPath: string;
  /** A door that stands and cannot be tried for want of a capability keeps nobody waiting. */
  takesUntried?: boolean;
  /** Told of what lay among the pins, is not the agent's, and was removed. */
  onForeignPin?: (path: string) => void;
  onEvents: (events: Event[], malformed: number) => void;
  /** The doors woke or fell asleep, or could not. */
  onIdling?: ((awake: boolean, error?: unknown) => void) | undefined;
  /** Asked before the doors fall asleep: why they must not, as a sentence; undefined if they may. */
  whyAwake?: (() => Promise<string | undefined>) | undefined;
}
