// SPDX-License-Identifier: Apache-2.0
// One guest, from no agent to 500 protected processes: what each state adds to what programs do all day.
import { Guest } from "../lab/guest.js";
import { Field } from "../matrix/field.js";
import { measureDoors } from "./doors.js";
import type { Counts, KernelFigures, Scenario } from "./figures.js";
import { footprintOf, restartTimed, startTimed } from "./footprint.js";
import { measureLeaks } from "./leaks.js";
import { restartUnderSystemd } from "./restart.js";

const soakMinutes = 10;
/** Length of a round, in hundred-thousands of instructions. */
const rounds = "60";
const group = "/sys/fs/cgroup/bench";
const config = "/run/bench.json";

/** A program that asks for protection of itself, then becomes the measuring program. */
const protectSelf = (more: string[] = []): string[] => [
  "python3",
  "-c",
  `
import http.client, json, os, socket
class C(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect("/run/cloudtaser/control.sock")
c = C("localhost"); c.request("POST", "/v1/protect", json.dumps({"self": True, "name": "caller"}), {"content-type": "application/json"})
assert c.getresponse().status == 200
os.execv("/tmp/operations", ${JSON.stringify(["/tmp/operations", rounds, ...more])})`,
];

/** They die with the guest. */
const startMany = `mkdir ${group}; echo $$ > ${group}/cgroup.procs
  for i in $(seq 499); do sleep 1000000 </dev/null >/dev/null 2>&1 & done; echo $$ > /sys/fs/cgroup/cgroup.procs`;

/** At the same addresses in every run: how many tables a fork copies depends on where memory lies, by up to 9 %. */
const fixed = ["setarch", "--addr-no-randomize"];
/** Runs of the measuring program for each scenario, of which the least counts. */
const repeats = 3;

const each = (runs: readonly Counts[], pick: (counts: number[]) => number): Counts =>
  Object.fromEntries(
    Object.keys(runs[0] ?? {}).map((name) => [name, pick(runs.map((run) => run[name] ?? Number.NaN))]),
  );

async function measureRuns(guest: Guest, argv: string[] = ["/tmp/operations", rounds]): Promise<Counts[]> {
  const runs: Counts[] = [];
  while (runs.length < repeats) {
    const { status, stdout, stderr } = await guest.run([...fixed, ...argv], { timeoutSeconds: 900 });
    if (status !== 0) throw new Error(`the measuring program failed: ${stderr}`);
    runs.push(JSON.parse(stdout) as Counts);
  }
  return runs;
}

const least = (runs: readonly Counts[]): Counts => each(runs, (counts) => Math.min(...counts));
const spreadOf = (runs: readonly Counts[]): Counts => each(runs, (counts) => Math.max(...counts) - Math.min(...counts));

const measure = async (guest: Guest, argv?: string[]): Promise<Counts> => least(await measureRuns(guest, argv));

async function untilIdle(field: Field): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const { stdout } = await field.control("GET", "/v1/status");
    if ((JSON.parse(stdout) as { idle: boolean }).idle) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error("the doors did not go to sleep");
}

const endOf = (pid: number): string => `kill -TERM ${pid}; while [ -e /proc/${pid} ]; do sleep 0.2; done`;

export async function measureKernel(kernel: string): Promise<KernelFigures> {
  const systemdMs = await restartUnderSystemd(kernel);
  const guest = await Guest.boot({
    kernel,
    icount: true,
    smp: 1,
    memory: "1536M",
    cmdline: "mitigations=off",
    copy: [
      { from: "build/bench/operations", to: "/tmp/operations" },
      { from: "build/bench/floor.bpf.o", to: "/tmp/floor.bpf.o" },
    ],
    timeoutSeconds: 300,
  });
  try {
    const field = new Field(guest);
    const results = {} as Record<Scenario, Counts>;
    const note = (scenario: string): void => void process.stderr.write(`bench: ${kernel}: ${scenario}\n`);
    note("no agent");
    const alone = await measureRuns(guest);
    results["no agent"] = least(alone);
    note("exec to ready");
    // The repeated proof would run in the middle of a round.
    await guest.writeFile(
      config,
      JSON.stringify({ mode: "enforce", canary: { interval: 86_400 }, events: { stdout: false } }),
    );
    const { readyMs, pid } = await startTimed(guest, config);
    const { stdout } = await field.control("GET", "/v1/status");
    const { form } = JSON.parse(stdout) as { form: string };
    await untilIdle(field);
    note("idle");
    results.idle = await measure(guest);
    const person = await field.person();
    await field.protect(person.pid, "one");
    note("1 protected");
    results["1 protected"] = await measure(guest);
    await field.sh(startMany, 900);
    const many = await field.control("POST", "/v1/protect", { cgroup: group, name: "many" });
    if (many.status !== 0) throw new Error(`protect refused: ${many.stdout}`);
    note("500 protected");
    results["500 protected"] = await measure(guest);
    note("protected caller");
    results["protected caller"] = await measure(guest, protectSelf());
    note(`${soakMinutes} guest minutes with 500 protected`);
    await guest.writeFile(config, JSON.stringify({ mode: "enforce", events: { stdout: false } }));
    await field.control("POST", "/v1/reload");
    const footprint = await footprintOf(guest, pid, soakMinutes);
    note("20 secrets, then 1,000");
    const content = () => measure(guest, protectSelf(["content"]));
    const { leaks, unprotected } = await measureLeaks(field, pid, content, () => measure(guest));
    results["20 secrets"] = unprotected;
    await field.sh(endOf(pid), 600);
    note("exec to ready over standing doors");
    const again = await restartTimed(field, config);
    await field.sh(endOf(again.pid), 600);
    note("each door alone");
    const doors = await measureDoors(guest, form);
    return {
      form,
      operations: results,
      spread: spreadOf(alone),
      doors,
      footprint: { ...footprint, readyMs, againMs: again.readyMs, systemdMs },
      leaks,
    };
  } finally {
    await guest.close();
  }
}
