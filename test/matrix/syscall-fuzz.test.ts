// SPDX-License-Identifier: Apache-2.0
// Random system calls beside the agent and a protected process, by Debian's trinity: first as a user of no rights, then as
// root without the calls that take the guest itself down. Afterwards everything stands. SECONDS= for longer, SEED= to repeat.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { Field, type Person } from "./field.js";

const seconds = Number(process.env["SECONDS"] ?? 60);
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** They end the guest, its time or its lab by rights that root has, agent or not. */
const deadly = `reboot kexec_load kexec_file_load kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
  umount pivot_root chroot vhangup settimeofday clock_settime clock_adjtime adjtimex unlink unlinkat rmdir rename renameat
  renameat2 truncate ftruncate mount move_mount swapon swapoff syslog setns unshare prlimit64 process_madvise`.split(
  /\s+/,
);

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

  /** At least a thousand calls. */
  const enough = "Ran [1-9][0-9]{3,} syscalls|[1-9][0-9]{3,} iterations";

  /**
   * What trinity said. It ends by itself at times and is started again, with the next seed, until its time is over; where it
   * took all of that to get ready, it gets more.
   */
  async function fuzz(how: string, who: string): Promise<string> {
    const script = `
      mkdir -p /tmp/fuzz && cd /tmp/fuzz && rm -rf * && chmod 1777 .
      : >/run/trinity.log; end=$(($(date +%s) + ${seconds} + 12)); round=0; more=0
      while left=$((end - $(date +%s) + 1)); [ $left -gt 0 ] || { [ $more -lt 3 ] && ! grep -qE '${enough}' /run/trinity.log; }; do
        [ $left -gt 0 ] || { more=$((more + 1)); left=$((60 * more)); }
        timeout -s INT -k 20 $left ${who} trinity -q -l off -C 3 -s $((${seed} + round)) ${how} >>/run/trinity.log 2>&1 </dev/null
        round=$((round + 1))
      done
      pkill -KILL -x trinity; grep -oE '[0-9]+ iterations|Ran [0-9]+ syscalls' /run/trinity.log; tail -c 600 /run/trinity.log`;
    const { stdout } = await field.sh(script, seconds * 3 + 500);
    return stdout;
  }

  async function stands(): Promise<void> {
    const { status, stdout } = await field.control("GET", "/v1/status");
    expect(status, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ pid: field.agentPid, ready: true, notReady: [] });
    const attack = await field.attack("environ_read", "default", victim);
    expect(attack.truth).toMatchObject({ succeeded: false, errnoName: "EPERM", got: "" });
    const reached = await field.attack("environ_read", "default", neighbour);
    expect(reached.truth).toMatchObject({ succeeded: true });
    const { stdout: trouble } = await field.sh(
      "dmesg | grep -E 'BUG:|Oops|general protection|WARNING:.*bpf|Kernel panic'",
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
      expect(callsIn(said), `seed ${seed}: ${said}`).toBeGreaterThan(100);
      await stands();
    },
    1_000_000 + seconds * 4000,
  );

  test(
    "by root",
    async () => {
      const said = await fuzz(`--dangerous ${deadly.map((name) => `-x ${name}`).join(" ")}`, "");
      console.log(`seed ${seed}: ${callsIn(said)} calls as root`);
      expect(callsIn(said), `seed ${seed}: ${said}`).toBeGreaterThan(100);
      await stands();
    },
    1_000_000 + seconds * 4000,
  );
});
