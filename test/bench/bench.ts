// SPDX-License-Identifier: Apache-2.0
// make bench: what the agent costs everybody else, in instructions counted by the emulator, not in time. Prints a table
// against the limits and against the figures committed in test/bench/figures.json; --update writes those anew.
import { readFileSync, writeFileSync } from "node:fs";
import { Guest } from "../lab/guest.js";
import { Field } from "../matrix/field.js";
import { type Figures, limitsOf, operations, type Scenario, scenarios, tableText } from "./figures.js";

const figuresFile = "test/bench/figures.json";
const kernels = (process.env["KERNELS"] ?? "6.12 5.10").split(/\s+/);

async function measure(field: Field, who: string): Promise<Record<string, number>> {
  const { status, stdout, stderr } = await field.guest.run(`${who} /tmp/operations`, { timeoutSeconds: 900 });
  if (status !== 0) throw new Error(`the measuring program failed: ${stderr}`);
  return JSON.parse(stdout) as Record<string, number>;
}

async function measureKernel(kernel: string): Promise<Record<Scenario, Record<string, number>>> {
  const guest = await Guest.boot({
    kernel,
    icount: true,
    smp: 1,
    memory: "1536M",
    cmdline: "mitigations=off",
    copy: [{ from: "build/bench/operations", to: "/tmp/operations" }],
    timeoutSeconds: 300,
  });
  try {
    const field = new Field(guest);
    const results = {} as Record<Scenario, Record<string, number>>;
    const note = (scenario: Scenario): void => void process.stderr.write(`bench: ${kernel}: ${scenario}\n`);
    note("no agent");
    results["no agent"] = await measure(field, "");
    // The repeated proof would run in the middle of a round.
    await field.startAgent({ mode: "enforce", canary: { interval: 86_400 } });
    note("idle");
    results.idle = await measure(field, "");
    const person = await field.person();
    await field.protect(person.pid, "one");
    note("1 protected");
    results["1 protected"] = await measure(field, "");
    await field.sh("for i in $(seq 499); do sleep 100000 & done; echo $!");
    const { stdout } = await field.sh("pgrep -x sleep | tr '\\n' ' '");
    for (const pid of stdout.trim().split(" ").map(Number)) await field.protect(pid, "many");
    note("500 protected");
    results["500 protected"] = await measure(field, "");
    note("protected caller");
    results["protected caller"] = await measure(field, protectSelf);
    return results;
  } finally {
    await guest.close();
  }
}

/** The shell asks for protection of itself, then becomes the measuring program. */
const protectSelf = `python3 -c '
import http.client, json, os, socket
class C(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect("/run/cloudtaser/control.sock")
c = C("localhost"); c.request("POST", "/v1/protect", json.dumps({"self": True, "name": "caller"}), {"content-type": "application/json"})
assert c.getresponse().status == 200
os.execv("/tmp/operations", ["/tmp/operations"])' #`;

const known = JSON.parse(readFileSync(figuresFile, "utf8")) as Figures;
const fresh: Figures = { ...known };
let over = 0;
for (const kernel of kernels) {
  const measured = await measureKernel(kernel);
  process.stdout.write(tableText(kernel, measured, known[kernel]));
  for (const scenario of scenarios) {
    for (const operation of operations) {
      const limit = limitsOf(scenario, operation, measured["no agent"][operation] ?? 0);
      const added = (measured[scenario][operation] ?? 0) - (measured["no agent"][operation] ?? 0);
      if (limit !== undefined && added > limit) over++;
    }
  }
  fresh[kernel] = measured;
}
if (process.argv.includes("--update")) writeFileSync(figuresFile, `${JSON.stringify(fresh, null, 2)}\n`);
process.stdout.write(over === 0 ? "every figure is within its limit\n" : `${over} figures are over their limit\n`);
process.exitCode = over === 0 ? 0 : 1;
