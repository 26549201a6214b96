// SPDX-License-Identifier: Apache-2.0
// Random system calls beside the agent and a protected process, by Debian's trinity: first as a user of no rights, with all
// that it knows, then as root without the calls that take the guest or the lab down. Afterwards everything stands. Twenty
// seconds each, a minute in make test-all; SECONDS= for longer, SEED= to repeat.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VectorName } from "../../src/vectors/index.js";
import { Guest } from "../lab/guest.js";
import { isWhole } from "./extent.js";
import { Field, type Person } from "./field.js";

const seconds = Number(process.env["SECONDS"] ?? (isWhole ? 60 : 20));
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const fewest = 1000;
/** Seconds beyond those, where it has not made so many yet: on a loaded machine it takes long to get ready. */
const patience = 400;

/** What root does not try, by reason: docs/THREAT-MODEL.md has the same list. */
const deadly = {
  "ends the machine": ["reboot"],
  "ends or stops process 1, the lab's own agent and the neighbour, whom nobody guards": [
    ...["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"],
    "prlimit64", // a limit of processor time of 0 is a SIGKILL
  ],
  "makes the file systems that all share read-only, in a mount namespace of its own too": ["mount", "umount"],
  "takes away or empties files of the guest, and of this test": [
    ...["unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "truncate", "ftruncate"],
  ],
};

/** One of each kind of way to a process's memory and what belongs to it. */
const core: readonly VectorName[] = [
  "ptrace_attach",
  "ptrace_seize",
  "procmem_read",
  "procmem_write",
  "environ_read",
  "proc_layout",
  "process_vm_read",
  "process_vm_write",
  "pidfd_getfd",
  "process_madvise",
  "ns_enter",
];

describe("random system calls", () => {
  let field: Field;
  let victim: Person;
  let neighbour: Person;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "6.12", timeoutSeconds: 300, packages: ["trinity"] }));
    victim = await field.person();
    neighbour = await field.person();
    await field.startAgent({ mode: "enforce", selfProtection: true });
    await field.protect(victim.pid, "victim");
  }, 1_200_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  /** At least `fewest`. */
  const enough = "Ran [1-9][0-9]{3,} syscalls|[1-9][0-9]{3,} iterations";

  /**
   * What trinity said. It ends by itself at times and is started again, with the next seed, until its time is over and it has
   * made calls enough. Time is the guest's since its boot, which no call sets. A directory stands where it would keep a list of
   * sockets: it crashes while it makes that, at times, and then at every start that finds the half of it.
   */
  async function fuzz(how: string, who: string): Promise<string> {
    const script = `
      mkdir -p /tmp/fuzz && cd /tmp/fuzz && rm -rf * && chmod 1777 . && mkdir trinity.socketcache
      now() { cut -d. -f1 /proc/uptime; }
      : >/run/trinity.log; end=$(($(now) + ${seconds} + 12)); last=$((end + ${patience})); round=0
      while :; do
        left=$((end - $(now) + 1))
        if [ $left -le 0 ]; then
          grep -qE '${enough}' /run/trinity.log && break
          [ $(now) -lt $last ] || break
          left=60
        fi
        timeout -s INT -k 20 $left ${who} trinity -q -l off -C 3 -s $((${seed} + round)) ${how} >>/run/trinity.log 2>&1 </dev/null
        round=$((round + 1))
      done
      pkill -KILL -x trinity; grep -oE '[0-9]+ iterations|Ran [0-9]+ syscalls' /run/trinity.log; tail -c 600 /run/trinity.log`;
    const { stdout } = await field.sh(script, seconds * 3 + 2 * patience);
    return stdout;
  }

  async function stands(): Promise<void> {
    const { status, stdout } = await field.control("GET", "/v1/status");
    expect(status, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ pid: field.agentPid, ready: true, notReady: [] });
    for (const vector of core) {
      const [road = ""] = await field.roads(vector);
      const { truth } = await field.attack(vector, road, victim);
      expect({ vector, road, ...truth }).toMatchObject({ succeeded: false, errnoName: "EPERM", got: "" });
      const reached = await field.attack(vector, road, neighbour);
      expect({ vector, road, ...reached.truth }, "a neighbour").toMatchObject({ succeeded: true });
    }
    const { stdout: trouble } = await field.sh(
      // Not dmesg, which forgets what a call of syslog has cleared.
      "dd if=/dev/kmsg iflag=nonblock bs=8192 2>/dev/null | grep -aE 'BUG:|Oops|general protection|WARNING:.*bpf|Kernel panic'",
    );
    expect(trouble).toBe("");
  }

  /** Of the longest run, from trinity's own count, so that a fuzzer that did not run is no pass. */
  function callsIn(said: string): number {
    return Math.max(0, ...[...said.matchAll(/(\d+) iterations|Ran (\d+) syscalls/g)].map((m) => Number(m[1] ?? m[2])));
  }

  test(
    "by a user of no rights",
    async () => {
      const said = await fuzz("", "setpriv --reuid 65534 --regid 65534 --clear-groups");
      console.log(`seed ${seed}: ${callsIn(said)} calls as nobody`);
      expect(callsIn(said), `seed ${seed}: ${said}`).toBeGreaterThanOrEqual(fewest);
      await stands();
    },
    1_000_000 + seconds * 4000,
  );

  test(
    "by root",
    async () => {
      const left = Object.values(deadly).flat();
      const said = await fuzz(`--dangerous ${left.map((name) => `-x ${name}`).join(" ")}`, "unshare -m");
      console.log(`seed ${seed}: ${callsIn(said)} calls as root`);
      expect(callsIn(said), `seed ${seed}: ${said}`).toBeGreaterThanOrEqual(fewest);
      await stands();
    },
    1_000_000 + seconds * 4000,
  );
});
