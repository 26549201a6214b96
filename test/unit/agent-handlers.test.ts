// SPDX-License-Identifier: Apache-2.0
// What takes the authority's signature is judged by what there is when it is done, not by what there was when it was asked.
import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agent/agent.js";
import { createHandlers } from "../../src/agent/handlers.js";
import type { AddSecretRequest, Peer, SecretReport } from "../../src/control/protocol.js";

const peer: Peer = { pid: 4242, uid: 0, gid: 0 };

/** An agent with an authority, to whom nothing is signed; its doors wake when the test says so. */
function unsigned() {
  const secrets: Pick<SecretReport, "workload" | "name" | "allow">[] = [];
  const records: { who: { group: number } }[] = [];
  const joined: string[] = [];
  let wake = (): void => {};
  const guarding = async <T>(action: () => T): Promise<T> => {
    await new Promise<void>((resolve) => (wake = resolve));
    return action();
  };
  const agent = {
    groups: { numberOf: () => 7, nameOf: () => "db" },
    authority: {
      demand(_: Peer, what: string) {
        throw new Error(`not signed: ${what}`);
      },
    },
    kernel: { guarding },
    secrets: {
      list: () => secrets,
      add: (request: AddSecretRequest) => void secrets.push({ ...request }),
    },
    scope: {
      records: () => records,
      protect: (_target: unknown, name: string, _how: string, mayJoin: () => void) =>
        guarding(() => {
          mayJoin();
          joined.push(name);
          return { workload: name, records: [], warnings: [] };
        }),
    },
    hardening: { stateOf: () => ({}) },
  } as unknown as Agent;
  return { handlers: createHandlers(agent), secrets, records, joined, wake: () => wake() };
}

describe("a request that waits while the doors wake", () => {
  it("joins no workload that has begun to run meanwhile", async () => {
    const { handlers, records, joined, wake } = unsigned();
    const asked = handlers.protect({ unit: "other.service", name: "db" }, peer);
    records.push({ who: { group: 7 } });
    wake();
    await expect(asked).rejects.toThrow("not signed: protect: joining workload db");
    expect(joined).toEqual([]);
  });

  it("is answered where there is nobody to join", async () => {
    const { handlers, joined, wake } = unsigned();
    const asked = handlers.protect({ unit: "other.service", name: "db" }, peer);
    wake();
    await asked;
    expect(joined).toEqual(["db"]);
  });

  it("replaces no secret that was registered meanwhile", async () => {
    const { handlers, secrets, wake } = unsigned();
    const request = { workload: "db", name: "token", allow: [], replace: true, endsWithWorkload: false };
    const asked = Promise.resolve(handlers.addSecret(request, Buffer.from("of-somebody-else"), peer));
    secrets.push({ workload: "db", name: "token", allow: [] });
    wake();
    await expect(asked).rejects.toThrow("not signed: secrets add: changing token of db");
    expect(secrets).toHaveLength(1);
  });
});
