// SPDX-License-Identifier: Apache-2.0
// How much of the agent's memory a member of the socket's group can ask for at once.
import { describe, expect, it } from "vitest";
import { Backlog } from "../../src/agent/backlog.js";
import { Gate, maxLong } from "../../src/control/gate.js";
import type { Peer } from "../../src/control/index.js";
import type { AnyEvent } from "../../src/formats/index.js";

const root: Peer = { pid: 4242, uid: 0, gid: 0 };

describe("long answers", () => {
  it("are given to a member so many at a time, and to root at once", async () => {
    const gate = new Gate({ path: "/s", gid: 7, native: { peerCredentials: () => root } });
    const member: Peer = { pid: 1, uid: 1000, gid: 7 };
    const begun: number[] = [];
    const turns = Array.from({ length: maxLong + 2 }, async (_, i) => {
      const done = await gate.longTurn(member);
      begun.push(i);
      return done;
    });
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    await settled();
    expect(begun).toEqual([0, 1]);
    await gate.longTurn(root);
    await gate.longTurn({ ...member, uid: 1001 });
    (await turns[0])?.();
    await settled();
    expect(begun, "in their order").toEqual([0, 1, 2]);
    (await turns[1])?.();
    (await turns[2])?.();
    (await turns[3])?.();
    await settled();
    expect(begun).toEqual([0, 1, 2, 3]);
    (await gate.longTurn(member))();
  });
});

it("a reader is handed the last lines that have room, however many he asks for", () => {
  const backlog = new Backlog();
  const long = "x".repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) backlog.push({} as AnyEvent, `${i}${long}`);
  const heard: string[] = [];
  backlog.subscribe(1000, (line) => heard.push(line[0] ?? ""))();
  expect(heard).toEqual(["7", "8", "9"]);
});
