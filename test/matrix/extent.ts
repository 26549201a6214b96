// SPDX-License-Identifier: Apache-2.0
// How much runs: `make test` has what must hold of every change and on every kernel, in bounded time; `make test-all`
// (TESTS=all) has also what differs little between kernels, or takes long for what it may find.

import { test } from "vitest";

export const isWhole = process.env["TESTS"] === "all";

/** Defines tests for `make test-all` alone. */
export function onlyInAll(define: () => void): void {
  if (isWhole) define();
}

/** A test of `make test-all` alone. */
export function inAll(name: string, run: () => Promise<void>, timeoutMs: number): void {
  if (isWhole) test(name, run, timeoutMs);
}
