// SPDX-License-Identifier: Apache-2.0
// What the agent takes beside instructions: kernel memory of its maps and programs, its own memory after some minutes,
// and the time from exec to ready.
import type { Guest } from "../lab/guest.js";
import type { Field } from "../matrix/field.js";

export interface Footprint {
  /** Bytes of kernel memory, by map; programs summed up under "programs". */
  kernel: Record<string, number>;
  /** Resident bytes of the daemon after the soak. */
  resident: number;
  /** Guest minutes that the soak took. */
  soakMinutes: number;
  /** Guest milliseconds from exec of the agent to READY; one instruction is a nanosecond. */
  readyMs: number;
  /** The same of one that finds the doors of an agent that was killed. */
  againMs: number;
  /** From a kill of the agent to the next one's being active under systemd. */
  systemdMs: number;
}

export const footprintLimits = {
  kernel: 4 * 1024 * 1024,
  resident: 80 * 1024 * 1024,
  readyMs: 3_000,
  againMs: 2_000,
  systemdMs: 3_000,
} as const;

/** The kernel says in fdinfo what each map and program takes; each is counted once, however many descriptors it has. */
const readKernel = `
import json, os, sys
pid, seen, sizes, resident = int(sys.argv[1]), set(), {}, 0
names = {}
for fd in os.listdir(f"/proc/{pid}/fd"):
    try: info = dict(l.split(":", 1) for l in open(f"/proc/{pid}/fdinfo/{fd}").read().splitlines() if ":" in l)
    except OSError: continue
    info = {k: v.strip() for k, v in info.items()}
    if "memlock" not in info: continue
    kind = "map" if "map_id" in info else "program"
    which = (kind, info.get("map_id") or info.get("prog_id"))
    if which in seen: continue
    seen.add(which)
    name = f"map {info['map_type']}/{info['key_size']}/{info['value_size']}/{info['max_entries']}" if kind == "map" else "programs"
    sizes[name] = sizes.get(name, 0) + int(info["memlock"])
for line in open(f"/proc/{pid}/status"):
    if line.startswith("VmRSS"): resident = int(line.split()[1]) * 1024
print(json.dumps({"kernel": sizes, "resident": resident}))
`;

/** Plays the service manager: the agent says READY=1 to it once every door is proved. The agent runs on. */
const untilReady = `
import json, os, socket, subprocess, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if os.path.exists("/run/bench-notify"): os.unlink("/run/bench-notify")
s.bind("/run/bench-notify")
quiet = open("/run/bench-agent.log", "w")
begin = time.monotonic()
agent = subprocess.Popen(sys.argv[1:], env={**os.environ, "NOTIFY_SOCKET": "/run/bench-notify"}, stdin=subprocess.DEVNULL, stdout=quiet, stderr=quiet, start_new_session=True)
while b"READY=1" not in s.recv(4096): pass
print(json.dumps({"readyMs": int((time.monotonic() - begin) * 1000), "pid": agent.pid}))
`;

/** Starts the agent with its files in the page cache: the clock runs ahead while the guest waits for a disk. */
export async function startTimed(guest: Guest, config: string): Promise<{ readyMs: number; pid: number }> {
  await guest.run("cat $(command -v node) $(find -L /opt/cloudtaser -type f) >/dev/null", { timeoutSeconds: 600 });
  const argv = ["python3", "-c", untilReady, "cloudtaser", "agent", "--config", config];
  const { status, stdout, stderr } = await guest.run(argv, { timeoutSeconds: 900 });
  if (status !== 0) throw new Error(`the agent did not get ready: ${stderr}`);
  return JSON.parse(stdout) as { readyMs: number; pid: number };
}

/** Of an agent that is killed while it guards somebody, to the next one's being ready: guest milliseconds. No agent runs before,
 *  and one does afterwards. */
export async function restartTimed(field: Field, config: string): Promise<{ readyMs: number; pid: number }> {
  const { guest } = field;
  const { pid } = await startTimed(guest, config);
  await field.protect((await field.person()).pid, "again");
  await field.sh(`kill -KILL ${pid}; while [ -e /proc/${pid} ]; do sleep 0.1; done`);
  return startTimed(guest, config);
}

/** @param soakMinutes guest minutes that the agent runs before it is looked at */
export async function footprintOf(
  guest: Guest,
  pid: number,
  soakMinutes: number,
): Promise<Omit<Footprint, "readyMs" | "againMs" | "systemdMs">> {
  await guest.run(`sleep ${soakMinutes * 60}`, { timeoutSeconds: 2400 });
  const { status, stdout, stderr } = await guest.run(["python3", "-c", readKernel, String(pid)]);
  if (status !== 0) throw new Error(`the agent's descriptors cannot be read: ${stderr}`);
  return { ...(JSON.parse(stdout) as Pick<Footprint, "kernel" | "resident">), soakMinutes };
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

export const kernelBytes = (footprint: Pick<Footprint, "kernel">): number =>
  Object.values(footprint.kernel).reduce((sum, bytes) => sum + bytes, 0);

type Row = [what: string, value: number, limit: number, show: (n: number) => string];

const rowText = ([what, value, limit, show]: Row): string =>
  `${what.padEnd(36)}${show(value).padStart(12)}  of at most ${show(limit)}${value > limit ? "  OVER" : ""}`;

const milliseconds = (n: number): string => `${n} ms`;
const restartRow = (systemdMs: number): Row => [
  "kill to active under systemd",
  systemdMs,
  footprintLimits.systemdMs,
  milliseconds,
];

/** [text, figures over their limit] */
export const restartText = (systemdMs: number): [string, number] => [
  `\n${rowText(restartRow(systemdMs))}\n`,
  systemdMs > footprintLimits.systemdMs ? 1 : 0,
];

/** [text, figures over their limit] */
export function footprintText(footprint: Footprint): [string, number] {
  const rows: Row[] = [
    ["kernel memory, maps and programs", kernelBytes(footprint), footprintLimits.kernel, megabytes],
    [`daemon, resident after ${footprint.soakMinutes} min`, footprint.resident, footprintLimits.resident, megabytes],
    restartRow(footprint.systemdMs),
    ["exec to ready over standing doors", footprint.againMs, footprintLimits.againMs, milliseconds],
    ["exec to ready, guest time", footprint.readyMs, footprintLimits.readyMs, milliseconds],
  ];
  const over = rows.filter(([, value, limit]) => value > limit).length;
  const lines = rows.map(rowText);
  lines.push("Kernels before 6.4 count the most that a map may take, later ones what it takes.");
  const parts = Object.entries(footprint.kernel).sort(([, a], [, b]) => b - a);
  lines.push(...parts.slice(0, 8).map(([what, bytes]) => `  ${what.padEnd(34)}${megabytes(bytes).padStart(12)}`));
  return [`\n${lines.join("\n")}\n`, over];
}
