// SPDX-License-Identifier: Apache-2.0
// The agent as a service, protecting itself: the service manager starts, reloads, limits, freezes and stops it, starts
// it again when it is killed, and root in a shell does not. The same attempts go through once the configuration lets them.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { inAll } from "./extent.js";
import { Field } from "./field.js";
import { installUnit } from "./managed.js";
import { restartTests } from "./restarts.js";

const group = "/sys/fs/cgroup/system.slice/cloudtaser.service";
const strict = { mode: "enforce", selfProtection: true, nodeGuards: "always" };

describe("the agent as a service", () => {
  let field: Field;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", systemd: true, memory: "1536M", timeoutSeconds: 300 }));
    // Where a test kills it, it stays down: restarts.ts has the unit's own lines for that.
    await installUnit(field, "Restart=no\n");
    await field.writeConfig(strict);
    expect(await field.sh("systemctl start cloudtaser", 300)).toMatchObject({ status: 0 });
    await learnPid();
  }, 900_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  async function learnPid(): Promise<void> {
    field.agentPid = Number((await field.sh("systemctl show -P MainPID cloudtaser")).stdout);
    expect(field.agentPid).toBeGreaterThan(1);
  }

  async function refused(command: string): Promise<void> {
    const { status, stderr } = await field.sh(command);
    expect({ command, refused: status !== 0 && /not permitted/.test(stderr), stderr }).toMatchObject({ refused: true });
  }

  async function works(command: string): Promise<string> {
    const { status, stdout, stderr } = await field.sh(command);
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  }

  test("root in a shell neither ends nor stops nor opens it", async () => {
    for (const signal of ["KILL", "STOP", "TERM", "INT", "USR1", "USR2", "34", "ABRT"]) {
      await refused(`kill -${signal} ${field.agentPid}`);
    }
    await refused("echo 0 > /proc/sys/kernel/ftrace_enabled");
    await refused(`nsenter -t ${field.agentPid} -m true`);
    await refused(`echo 1M > ${group}/memory.max`);
    await refused(`echo 1 > ${group}/cgroup.freeze`);
    // Not the shell's own echo, which does not say why a write failed.
    await refused(`/usr/bin/echo ${field.agentPid} > /sys/fs/cgroup/cgroup.procs`);
    await refused("echo 1M > /sys/fs/cgroup/system.slice/memory.high");
    expect(await works("cat /proc/sys/kernel/ftrace_enabled")).toBe("1");
    expect((await field.control("GET", "/v1/status")).status).toBe(0);
    const seen = await field.events((events) => events.some(({ vector }) => vector === "agent_cgroup"));
    const vectors = new Set(seen.filter(({ outcome }) => outcome === "denied").map(({ vector }) => vector));
    expect([...vectors].sort()).toEqual(["agent_access", "agent_cgroup", "agent_signal", "hooks_off"]);
    expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(["AGENT_TAMPER"]));
  }, 300_000);

  test("harmless signals, other processes, the node's namespaces and other control groups are left alone", async () => {
    const before = (await field.events()).length;
    for (const signal of ["0", "CHLD", "CONT", "URG", "WINCH"]) await works(`kill -${signal} ${field.agentPid}`);
    // Killed amid its exec it would make the kernel ask for a module (binfmt).
    await works("sleep 300 & until grep -q sleep /proc/$!/comm; do sleep 0.1; done; kill -STOP $! && kill -9 $!");
    await works("unshare -m nsenter -t 1 -m true");
    await works("mkdir /sys/fs/cgroup/other");
    await works("sleep 300 & /usr/bin/echo $! > /sys/fs/cgroup/other/cgroup.procs");
    await works("echo 0 > /sys/fs/cgroup/other/cgroup.freeze && echo 1 > /sys/fs/cgroup/other/cgroup.kill");
    await works(`ls -l /proc/${field.agentPid} && cat /proc/${field.agentPid}/status /proc/${field.agentPid}/cgroup`);
    await works(`prlimit --pid ${field.agentPid} && chrt -p ${field.agentPid} && taskset -p ${field.agentPid}`);
    expect((await field.events()).slice(before)).toEqual([]);
  }, 300_000);

  test("the unit that is installed starts it, watches its loop, and tells what it does", async () => {
    const show = (what: string): Promise<string> => works(`systemctl show -P ${what} cloudtaser`);
    expect(await show("StatusText")).toBe("guarding in enforce mode");
    expect(await show("WatchdogUSec")).toBe("1min");
    // Signs of life come each half of that.
    const sign = await show("WatchdogTimestampMonotonic");
    await expect.poll(() => show("WatchdogTimestampMonotonic"), { timeout: 120_000, interval: 5_000 }).not.toBe(sign);
    await works("test -w /run/cloudtaser/control.sock && test -d /var/lib/cloudtaser");
  }, 300_000);

  test("a configuration that is refused makes the reload fail, and the old one stays", async () => {
    await field.writeConfig({ mode: "nonsense" });
    const { status, stderr } = await field.sh("systemctl reload cloudtaser", 120);
    expect({ failed: status !== 0, stderr }).toMatchObject({ failed: true });
    expect(await works("systemctl show -P StatusText cloudtaser")).toMatch(/refused, the old one is in force/);
    expect(await works("systemctl is-active cloudtaser")).toBe("active");
    await field.writeConfig(strict);
    await works("systemctl reload cloudtaser");
    expect(await works("systemctl show -P StatusText cloudtaser")).toBe("guarding in enforce mode");
  }, 300_000);

  test("the service manager reloads it, and anybody does by SIGHUP", async () => {
    const loadedAt = async (): Promise<string> => {
      const { stdout } = await field.control("GET", "/v1/status");
      return (JSON.parse(stdout) as { config: { loadedAt: string } }).config.loadedAt;
    };
    for (const command of ["systemctl reload cloudtaser", `kill -HUP ${field.agentPid}`]) {
      const before = await loadedAt();
      await works(command);
      await expect.poll(loadedAt, { timeout: 60_000, interval: 500 }).not.toBe(before);
    }
  }, 300_000);

  test("the service manager limits it, freezes it and lets it go on", async () => {
    await works("systemctl set-property --runtime cloudtaser.service MemoryMax=1G CPUQuota=200%");
    expect(await works(`cat ${group}/memory.max`)).toBe(String(2 ** 30));
    await works("systemctl freeze cloudtaser");
    expect(await works(`cat ${group}/cgroup.freeze`)).toBe("1");
    await works("systemctl thaw cloudtaser");
    expect((await field.control("GET", "/v1/status")).status).toBe(0);
  }, 300_000);

  test("the service manager stops it in order, and kills it when it is told to", async () => {
    await works("systemctl stop cloudtaser");
    expect(await works("systemctl show -P Result cloudtaser")).toBe("success");
    expect(await works("ls /sys/fs/bpf")).not.toContain("cloudtaser");
    expect((await field.sh("systemctl start cloudtaser", 300)).status).toBe(0);
    await works("systemctl kill -s KILL cloudtaser");
    await expect
      .poll(async () => (await field.sh("systemctl is-active cloudtaser")).stdout.trim(), { timeout: 60_000 })
      .toBe("failed");
  }, 600_000);

  test("while its guards stand without it, other services start, whatever the kernel puts where its mounts were", async () => {
    const service = "systemd-run --quiet --wait -p PrivateTmp=yes -p ProtectKernelTunables=yes true";
    const { status, stderr } = await field.sh(`for i in $(seq 20); do ${service} || exit 1; done`, 300);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }, 400_000);

  inAll(
    "one that is not ready is waited for, longer than a start may take",
    async () => {
      const show = (what: string): Promise<string> => works(`systemctl show -P ${what} cloudtaser`);
      const dropIn = "/run/systemd/system/cloudtaser.service.d/unready.conf";
      // Without that capability two doors cannot be tried.
      const lines = "[Service]\nCapabilityBoundingSet=~CAP_SYS_MODULE\nTimeoutStartSec=90\n";
      await works(`mkdir -p $(dirname ${dropIn}) && printf '${lines}' > ${dropIn} && systemctl daemon-reload`);
      await works("systemctl stop cloudtaser; systemctl start --no-block cloudtaser");
      await expect
        .poll(() => show("StatusText"), { timeout: 85_000, interval: 1_000 })
        .toMatch(/^not ready: .*CAP_SYS_MODULE/);
      const pid = await show("MainPID");
      await field.sh("sleep 110", 300);
      expect([await show("ActiveState"), await show("MainPID")]).toEqual(["activating", pid]);
      await works(`systemctl stop cloudtaser && rm ${dropIn} && systemctl daemon-reload`);
    },
    400_000,
  );

  inAll(
    "without selfProtection a signal is only reported, and Node's debugger stays shut all the same",
    async () => {
      await field.writeConfig({ ...strict, selfProtection: false });
      expect((await field.sh("systemctl start cloudtaser", 300)).status).toBe(0);
      await learnPid();
      const debuggers = "grep -c ':240D 0*:0000 0A' /proc/net/tcp || true";
      await works(`kill -USR1 ${field.agentPid}`);
      const told = await field.events((events) => events.some((event) => isObserved(event.vector, event.outcome)));
      expect(told.some((event) => isObserved(event.vector, event.outcome))).toBe(true);
      expect((await field.control("GET", "/v1/status")).status).toBe(0);
      expect(await works(debuggers)).toBe("0");
      // What the signal does to a program that does not expect it.
      const open = `node -e 'setInterval(() => {}, 1000); console.log("up")' > /tmp/up & p=$!
      until grep -q up /tmp/up; do sleep 0.1; done; kill -USR1 $p
      for i in $(seq 100); do n=$(${debuggers}); [ "$n" = 0 ] || break; sleep 0.1; done; kill -9 $p; echo $n`;
      expect(await works(open)).toBe("1");
      await works(`kill -9 ${field.agentPid}`);
      await expect
        .poll(async () => (await field.sh("systemctl is-active cloudtaser")).stdout.trim(), { timeout: 60_000 })
        .toBe("failed");
    },
    600_000,
  );

  restartTests(() => field);
});

const isObserved = (vector: string, outcome: string): boolean => vector === "agent_signal" && outcome === "observed";
