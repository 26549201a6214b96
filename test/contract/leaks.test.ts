// SPDX-License-Identifier: Apache-2.0
// Numbers of the leak engine that are written down in C and in TypeScript.
import { expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { maxSecret } from "../../src/control/protocol.js";
import { chainLength } from "../../src/kernel/anchors.js";
import { maxSinks } from "../../src/secrets/index.js";
import { maxLength, minLength } from "../../src/secrets/value.js";
import { leakSecret } from "../matrix/secret.js";
import { read } from "./sources.js";

const header = read("bpf/abi_leak.h");
const numberOf = (name: string): number => Number(new RegExp(`^#define ${name}\\s+(\\d+)`, "m").exec(header)?.[1]);

it("knows how short a form may be and how long a chain", () => {
  expect(numberOf("CT_LEAK_FORM_MIN")).toBe(minLength);
  expect(numberOf("CT_LEAK_CHAIN")).toBe(chainLength);
});

it("lets as much be looked at as the kernel side takes, and says so by default", () => {
  const shift = Number(/^#define CT_LEAK_SCAN_MAX \(1 << (\d+)\)/m.exec(header)?.[1]);
  const accepts = (scanLimit: number): boolean => configSchema.safeParse({ leaks: { scanLimit } }).success;
  expect([accepts(2 ** shift), accepts(2 ** shift + 1)]).toEqual([true, false]);
  expect(configSchema.parse({}).leaks.scanLimit).toBe(2 ** shift);
});

it("registers in the matrix what the attacks let out", () => {
  expect(read("test/triggers/leak.h")).toContain(`#define LEAK_SECRET "${leakSecret}"`);
});

it("takes over the control socket what the room of secrets takes", () => {
  expect([maxSecret, maxSinks]).toEqual([maxLength, 64]);
});
