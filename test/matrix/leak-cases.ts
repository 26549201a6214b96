// SPDX-License-Identifier: Apache-2.0
// Random secrets in random encodings, places and calls: none comes through, and nothing else is refused.
import { expect, test } from "vitest";
import { isWhole } from "./extent.js";
import { type SeenEvent, triggerDir } from "./field.js";
import type { Suite } from "./suite.js";

/** On four kernels together 100,000 cases in `make test-all`. */
const rounds = isWhole ? 5 : 1;
const cases = 5_000;
const secrets = 40;

interface Tally {
  cases: number;
  missed: number;
  changed: number;
  wrong: number;
  first: string;
}

/** Files of the guest that are written, in megabytes; LEAK_FILES_MB makes it more. */
const filesMb = Number(process.env["LEAK_FILES_MB"] ?? 100);

/** Registers secrets n0, n1 … for itself and asks for protection. */
const asWorkload = (name: string, count: number): string => `
import hashlib, http.client, json, os, socket, sys
class C(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect("/run/cloudtaser/control.sock")
def ask(path, body, kind):
    c = C("localhost"); c.request("POST", path, body, {"content-type": kind}); r = c.getresponse(); text = r.read()
    if r.status != 200: sys.exit(text.decode())
values = [hashlib.sha512(b"%d" % i).hexdigest()[: 16 + i].encode() for i in range(${count})]
for i, value in enumerate(values): ask("/v1/secrets?workload=${name}&name=n%d" % i, value, "application/octet-stream")
ask("/v1/protect", json.dumps({"self": True, "name": "${name}"}), "application/json")
`;

/** How often each of two secrets is written, one after the other. */
const tries = [3, 2];

const writeSecrets = `${asWorkload("folded", tries.length)}
out = os.open("/tmp/folded", os.O_WRONLY | os.O_CREAT)
for value, times in zip(values, ${JSON.stringify(tries)}):
    for i in range(times):
        try: sys.exit("written: %d" % os.write(out, value))
        except PermissionError: pass
print(os.getpid())
`;

/** Writes what is in the guest's files. Prints bytes written. */
const writeFiles = `${asWorkload("files", secrets)}
left, written, out = ${filesMb} << 20, 0, os.open("/dev/null", os.O_WRONLY)
for top in ("/usr", "/opt", "/etc", "/var"):
    for folder, _, names in os.walk(top):
        for path in (os.path.join(folder, name) for name in sorted(names)):
            if written >= left or os.path.islink(path) or not os.path.isfile(path): continue
            with open(path, "rb") as file:
                while piece := file.read(65536): written += os.write(out, piece)
print(written)
`;

export function leakCaseTests(suite: Suite, kernel: string): void {
  test("no secret comes through in any form, place or call, and nothing that is none is refused", async () => {
    // Other cases on each kernel, the same ones each time.
    const seed = Number(kernel.replace(".", "")) * rounds;
    for (let round = 0; round < rounds; round++) {
      const argv = [`${triggerDir}/leak_cases`, `${seed + round}`, `${secrets}`, `${cases}`];
      const { status, stdout, stderr } = await suite.field.guest.run(argv, { timeoutSeconds: 600 });
      expect(status, stderr).toBe(0);
      const tally = JSON.parse(stdout) as Tally;
      expect({ seed: seed + round, ...tally }).toMatchObject({ cases, missed: 0, wrong: 0 });
      // Else nothing would have shown that a near miss passes.
      expect(tally.changed).toBeGreaterThan(cases / 4);
    }
    await suite.field.forgetEvents();
  }, 600_000);

  test("of each secret that was to leave one hears, though attempts fold", async () => {
    const { status, stdout, stderr } = await suite.field.guest.run(["python3", "-c", writeSecrets]);
    expect(status, stderr).toBe(0);
    const counted = (events: SeenEvent[]): number[] =>
      tries.map((_, i) =>
        events
          .filter(({ offender, detail }) => offender.pid === Number(stdout) && detail["secret"] === `n${i}`)
          .reduce((sum, { count }) => sum + count, 0),
      );
    const events = await suite.field.events((seen) => counted(seen).every((count, i) => count >= (tries[i] ?? 0)));
    expect(counted(events)).toEqual(tries);
    await suite.field.control("DELETE", "/v1/secrets?workload=folded");
    await suite.field.forgetEvents();
  }, 300_000);

  // Files are the same on each kernel.
  if (!isWhole && kernel !== "6.12") return;

  test("nothing that stands in the guest's own files is taken for a secret", async () => {
    const { status, stdout, stderr } = await suite.field.guest.run(["python3", "-c", writeFiles], {
      timeoutSeconds: 3_600,
    });
    expect(status, stderr).toBe(0);
    expect(Number(stdout)).toBeGreaterThanOrEqual(Math.min(filesMb, 400) << 20);
    expect((await suite.field.events()).filter(({ vector }) => vector?.startsWith("leak_"))).toEqual([]);
    const { status: removed } = await suite.field.control("DELETE", "/v1/secrets?workload=files");
    expect(removed).toBe(0);
  }, 3_600_000);
}
