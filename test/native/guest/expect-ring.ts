// SPDX-License-Identifier: Apache-2.0
// What ring-check.mjs must have found, whatever the kernel; for a lab test that ran it in a guest.

import { expect } from "vitest";

interface Full {
  sent: number;
  dropped: number;
  received: number;
}

/** Of 990 records of 16 bytes and ten of 8, each with a head of 8. */
const waitingBytes = 990 * 24 + 10 * 16;

/** `result` is the parsed JSON line; `forms` the attach forms that this kernel and its command line offer. */
export function expectRing(result: Record<string, unknown>, forms: Record<string, unknown>): void {
  expect(result).toMatchObject({
    burst: {
      delivered: 990,
      malformed: 10,
      largest: 64,
      inOrder: true,
      sent: 1000,
      dropped: 0,
      waitingBytes,
      waitAfter: 0,
    },
    exception: { uncaught: ["from onBatch"], receivedAfter: 300 },
    ticks: ["tick", "batch"],
    drain: { drained: [100, 50, 0], received: 150 },
    drainThrows: "into drain",
    iterate: { hasSelf: true },
    pinnedIterator: {
      hasSelf: true,
      closed: "CLOSED",
      notProgram: { code: "EINVAL", target: "/sys/fs/bpf/cloudtaser-ring-check-map" },
    },
    program: { name: "emit", recursionMisses: "0", sameById: true, nameById: "emit" },
    pinTaken: "EEXIST",
    afterObjectClose: 50,
    afterLinkClose: 50,
    takenOver: { sameLink: true, notMap: "EINVAL" },
    afterUnpin: 50,
    afterAll: 0,
    closedInCallback: 1,
    workerExit: 11,
    refused: { code: "EACCES", target: "refused", log: expect.stringContaining("invalid mem access") },
    forms,
  });
  const full = result["full"] as Full;
  expect(full.sent + full.dropped).toBe(20_000);
  expect(full.dropped).toBeGreaterThan(0);
  expect(full.received).toBe(full.sent);
  // Sixteen batches of at most 64, with other work in between.
  expect((result["burst"] as { turns: number }).turns).toBeGreaterThanOrEqual(15);
}
