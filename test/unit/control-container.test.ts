// SPDX-License-Identifier: Apache-2.0
// What a runtime's hook says over the control socket, as the server takes it.
import { describe, expect, it } from "vitest";
import { ControlClient, type ControlHandlers } from "../../src/control/index.js";
import type { ContainerRequest } from "../../src/control/protocol.js";
import { fakeAgent } from "./cli-support.js";

const agentWith = async (container: ControlHandlers["container"]) =>
  new ControlClient({ socket: await fakeAgent({ container }) });

describe("a container before its start", () => {
  const asked: unknown[] = [];
  const container: ControlHandlers["container"] = async (request, peer) => {
    asked.push([request, peer.pid]);
    return { protected: true, workload: "w", warnings: [] };
  };

  it("is told to the agent, with who asks", async () => {
    const client = await agentWith(container);
    const request = { id: "c1", pid: 7, startTicks: "99", wanted: true, label: "a.b" };
    expect(await client.container(request, 5_000)).toEqual({ protected: true, workload: "w", warnings: [] });
    expect(asked).toEqual([[request, 1]]);
  });

  it("is waited for no longer than is said", async () => {
    const client = await agentWith(() => new Promise(() => {}));
    await expect(client.container({ id: "c1", wanted: false }, 200)).rejects.toMatchObject({
      code: "AGENT_UNREACHABLE",
      message: expect.stringContaining("within 0.2 s"),
    });
  });

  it.each([
    {},
    { id: "", wanted: true },
    { id: "x".repeat(1025), wanted: true },
    { id: "c1", wanted: "yes" },
    { id: "c1", wanted: true, pid: 0 },
    { id: "c1", wanted: true, pid: -1 },
    { id: "c1", wanted: true, startTicks: 7 },
    { id: "c1", wanted: true, startTicks: "1e9" },
    { id: "c1", wanted: true, label: "x".repeat(1025) },
    { id: "c1", wanted: true, workload: "payments" },
  ])("must make sense: %j", async (body) => {
    const client = await agentWith(container);
    const sent = client.container(body as unknown as ContainerRequest, 5_000);
    await expect(sent).rejects.toMatchObject({ code: "CONTROL_BAD_REQUEST" });
  });
});
