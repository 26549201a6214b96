// SPDX-License-Identifier: Apache-2.0
// How long a node is without an agent that is killed under its service manager: from the kill to the next one's being
// active over the doors that stand, in guest time. One instruction is a nanosecond; the pause that the unit makes is in it.
import { Guest } from "../lab/guest.js";
import { Field } from "../matrix/field.js";
import { installUnit } from "../matrix/managed.js";

/** Kills, of which the slowest counts. */
const kills = 3;

/** The service manager notes when a unit became active on the same clock. */
const killAndWait = `
import os, signal, subprocess, time
def show(what): return int(subprocess.run(["systemctl", "show", "-P", what, "cloudtaser"], capture_output=True, check=True).stdout or 0)
before = show("MainPID")
begin = time.monotonic()
os.kill(before, signal.SIGKILL)
while True:
    time.sleep(1)
    active = show("ActiveEnterTimestampMonotonic") / 1e6
    if active > begin and show("MainPID") not in (0, before): break
print(round((active - begin) * 1000))
`;

/** @returns guest milliseconds */
export async function restartUnderSystemd(kernel: string): Promise<number> {
  process.stderr.write(`bench: ${kernel}: kill to active under the service manager\n`);
  const guest = await Guest.boot({
    kernel,
    systemd: true,
    icount: true,
    smp: 1,
    memory: "1536M",
    cmdline: "mitigations=off",
    timeoutSeconds: 600,
  });
  try {
    const field = new Field(guest);
    const works = async (command: string | string[]): Promise<string> => {
      const { status, stdout, stderr } = await guest.run(command, { timeoutSeconds: 900 });
      if (status !== 0) throw new Error(`${command}: ${stderr}`);
      return stdout;
    };
    await installUnit(field);
    // The kill comes from a shell.
    const vectors = { agent_signal: { mode: "detect" } };
    await field.writeConfig({ mode: "enforce", nodeGuards: "always", vectors });
    await works("systemctl start cloudtaser");
    await field.protect((await field.person()).pid, "one");
    const times: number[] = [];
    while (times.length < kills) {
      // In the page cache: the clock runs ahead while the guest waits for a disk.
      await works("find -L $(command -v node) /opt/cloudtaser -type f -exec cat {} + >/dev/null");
      times.push(Number(await works(["python3", "-c", killAndWait])));
    }
    const kept = Number(await works("journalctl -u cloudtaser -o cat | grep -c '\"kept\":true'"));
    if (kept !== kills) throw new Error(`of ${kills} agents that were started again, ${kept} kept the doors`);
    return Math.max(...times);
  } finally {
    await guest.close();
  }
}
