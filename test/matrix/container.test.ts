// SPDX-License-Identifier: Apache-2.0
// The agent in a container with the daemon set's privileges: every door is proved, a container that follows on another
// takes its guards over, and an image with another Node comes into use without a gap.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { triggerDir } from "./field.js";
import { byLauncher, bySelf, ContainerNode } from "./in-container.js";

const config = {
  mode: "enforce",
  onStop: "leave",
  preloadModules: [],
  health: { listen: ":9090" },
  events: { stdout: false, file: { path: "/var/lib/cloudtaser/events.ndjson" } },
};

describe("the agent in a container", () => {
  let node: ContainerNode;
  let victim: number;
  let running: string;

  beforeAll(async () => {
    node = await ContainerNode.boot("6.12", JSON.stringify(config));
    victim = Number(await node.must("SECRET=hidden sleep 100000 >/dev/null 2>&1 & echo $!"));
  }, 900_000);

  afterAll(async () => {
    await node?.guest.close();
  });

  const read = async (): Promise<string> => {
    const { stdout, stderr } = await node.guest.run(`cat /proc/${victim}/environ | tr '\\0' '\\n' | grep SECRET`);
    return stdout.includes("hidden") ? "stolen" : /not permitted/.test(stderr) ? "refused" : stderr;
  };
  const executable = async (): Promise<string> =>
    (await node.must("stat -c %i /var/lib/cloudtaser/executable/node")).trim();

  test("gets ready with the daemon set's capabilities, and sees the node's control groups", async () => {
    expect(await read()).toBe("stolen");
    running = await node.start(byLauncher);
    const status = await node.status(240);
    expect({ ...status, log: status?.ready ? "" : await node.log(running) }).toMatchObject({
      ready: true,
      tookOver: false,
    });
    expect(await node.must(`cat /proc/${status?.pid}/cgroup`)).toContain("/kubepods.slice/kubepods-besteffort.slice/");
    expect(await node.must(`stat -Lc %i /proc/${status?.pid}/ns/cgroup`)).toBe(
      await node.must("stat -Lc %i /proc/1/ns/cgroup"),
    );
    const body = JSON.stringify({ pid: victim, name: "vault" });
    await node.must(`${triggerDir}/ask POST /v1/protect '${body}'`);
    expect(await read()).toBe("refused");
  });

  test("tests itself there, as far as it may become somebody else", async () => {
    const argv = "selftest --json --vector environ_read --vector module_load";
    const { vectors } = JSON.parse(await node.must(`crun exec ${running} /usr/bin/cloudtaser ${argv}`)) as {
      vectors: { vector: string; outcome: string; roads: { attacker: string; outcome: string; reason: string }[] }[];
    };
    expect(vectors.map(({ vector, outcome }) => [vector, outcome])).toEqual([
      ["environ_read", "refused"],
      ["module_load", "refused"],
    ]);
    const ofNobody = vectors.flatMap(({ roads }) => roads).filter(({ attacker }) => attacker === "nobody");
    expect(new Set(ofNobody.map(({ outcome }) => outcome))).toEqual(new Set(["not_applicable"]));
    expect(ofNobody.map(({ reason }) => reason)).toContain("the attack program cannot be started as nobody (EPERM)");
  }, 300_000);

  test("is followed by another container, which its guards know", async () => {
    const before = await executable();
    await node.must("printf x >> /img/usr/lib/cloudtaser/node"); // the image of another version
    await node.kill(running);
    expect(await read()).toBe("refused");
    running = await node.start(byLauncher);
    expect(await node.status(240)).toMatchObject({ ready: true, tookOver: true });
    expect(await read()).toBe("refused");
    // The image's own Node is in its place soon, for the next one.
    await expect.poll(executable, { timeout: 240_000 }).not.toBe(before);
  });

  test("is followed by one with the image's new Node, too", async () => {
    await expect
      .poll(async () => (await node.log(running)).includes("comes into use at the next start"), { timeout: 240_000 })
      .toBe(true);
    await node.kill(running);
    running = await node.start(byLauncher);
    const status = await node.status(240);
    expect(status).toMatchObject({ ready: true, tookOver: true });
    expect((await node.must(`stat -Lc %i /proc/${status?.pid}/exe`)).trim()).toBe(await executable());
    expect(await read()).toBe("refused");
  });

  test("does without what least-privilege does without, and says which doors it could not try", async () => {
    const least = { hardening: { swap: false, coredumpFilter: false }, canary: { untried: "accept" } };
    await node.guest.writeFile("/run/conf/config.yaml", JSON.stringify({ ...config, ...least }));
    await node.kill(running);
    running = await node.start(byLauncher, "least");
    const status = await node.status(240);
    expect({ ...status, log: status?.ready ? "" : await node.log(running) }).toMatchObject({
      ready: true,
      tookOver: true,
      warnings: expect.arrayContaining([expect.stringContaining("door capable stands, and nobody knows")]),
    });
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await node.must(`cat /proc/${status?.pid}/status`))?.[1];
    // SYS_MODULE and SYS_RAWIO
    expect(BigInt(`0x${effective}`) & (0b11n << 16n)).toBe(0n);
    const without = status?.doors.filter(({ proved }) => !proved).map(({ door, attached }) => ({ door, attached }));
    expect(without?.sort((one, other) => one.door.localeCompare(other.door))).toEqual([
      { door: "capable", attached: true },
      { door: "kernel_load_data", attached: true },
      { door: "kernel_read_file", attached: true },
    ]);
    expect(await read()).toBe("refused");
    // init_module of nothing: ENOEXEC where nobody guards
    const load =
      "import ctypes; c=ctypes.CDLL(None, use_errno=True); c.syscall(175, b'x'*64, 64, b''); print(ctypes.get_errno())";
    expect((await node.must(`python3 -c "${load}"`)).trim(), "EPERM").toBe("1");
    const body = JSON.stringify({ pid: victim, name: "vault" });
    await node.must(`${triggerDir}/ask POST /v1/protect '${body}'`);
  });

  test("would not be known if it ran from its image", async () => {
    await node.kill(running);
    const stranger = await node.start(bySelf);
    await expect.poll(() => node.log(stranger), { timeout: 240_000 }).toContain("PIN_STRANGER");
    expect(await read()).toBe("refused");
  });
});
