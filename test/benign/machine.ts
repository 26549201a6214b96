// SPDX-License-Identifier: Apache-2.0
// A guest as a node is: systemd as pid 1, the agent its service, protected services in units, real tools. What is refused
// in it while nobody attacks is a defect.
import { Guest } from "../lab/guest.js";
import { eventsFile, type SeenEvent } from "../matrix/field.js";

export const packages = [
  "bpftrace",
  "linux-perf",
  "openssl",
  "prometheus-node-exporter",
  "prometheus-process-exporter",
] as const;

/** A python of the node, protected, and a neighbour of it that is not. */
export const services = {
  ledger: { command: "/usr/bin/python3 /opt/benign/ledger.py", url: "http://127.0.0.1:8090" },
  teller: { command: "/opt/node/node /opt/benign/teller.mjs", url: "http://127.0.0.1:8091" },
  exporter: {
    // In place of the unit that its package brings.
    command: "/usr/bin/prometheus-node-exporter --web.listen-address=127.0.0.1:9100",
    url: "http://127.0.0.1:9100",
  },
} as const;
export type Service = keyof typeof services;

const unit = (command: string, more = ""): string => `[Service]\nExecStart=${command}\n${more}`;

const agentConfig = {
  mode: "enforce",
  events: { stdout: false, file: { path: eventsFile } },
  // What an operator does who traces the node with BPF: nobody else may.
  vectors: Object.fromEntries(
    ["bpf_load", "perf_target", "uprobe"].map((vector) => [
      vector,
      { allow: [{ exe: "/usr/bin/bpftrace" }, { exe: "/usr/sbin/bpftool" }] },
    ]),
  ),
  workloads: Object.keys(services).map((name) => ({ name, unit: `${name}.service` })),
};

/** procps 4 opens every environ for a column that nobody asked for, and goes on without: a real attempt, and refused. */
export const isHabitOfPs = ({ vector, offender }: SeenEvent): boolean =>
  ["environ_read", "agent_access"].includes(vector) && offender.comm === "ps";

export class Node {
  readonly guest: Guest;
  #seen = 0;

  private constructor(guest: Guest) {
    this.guest = guest;
  }

  static async boot(kernel: string): Promise<Node> {
    const guest = await Guest.boot({
      kernel,
      systemd: true,
      packages,
      memory: "2G",
      timeoutSeconds: 300,
      copy: [{ from: "test/benign/services", to: "/opt/benign" }],
    });
    const node = new Node(guest);
    await node.must(`openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost \
      -keyout /run/ledger.key -out /run/ledger.crt 2>/dev/null && cat /run/ledger.key /run/ledger.crt > /run/ledger.pem`);
    for (const [name, { command }] of Object.entries(services)) {
      await guest.writeFile(`/etc/systemd/system/${name}.service`, unit(command, "Restart=no\n"));
    }
    await guest.writeFile(
      "/etc/systemd/system/cloudtaser.service",
      unit(
        "/usr/local/bin/cloudtaser agent --config /etc/cloudtaser.yaml",
        "Type=notify\nNotifyAccess=all\nTimeoutStartSec=600\n",
      ),
    );
    // JSON is YAML.
    await guest.writeFile("/etc/cloudtaser.yaml", JSON.stringify(agentConfig));
    await node.must("systemctl disable -q --now prometheus-node-exporter prometheus-process-exporter");
    await node.must(`systemctl daemon-reload; systemctl start ${Object.keys(services).join(" ")}`);
    return node;
  }

  async startAgent(): Promise<void> {
    await this.must("systemctl start cloudtaser", 600);
  }

  /** Runs a command that has to succeed; returns what it printed. */
  async must(command: string, timeoutSeconds = 180): Promise<string> {
    const { status, stdout, stderr } = await this.guest.run(command, { timeoutSeconds });
    if (status !== 0)
      throw new Error(`${command}\nended with status ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
    return stdout;
  }

  /** Asks a service until it answers; the answer must be "ok". */
  async ask(service: Service, path = ""): Promise<string> {
    const script = `import time, urllib.error, urllib.request
for _ in range(200):
    try:
        print(urllib.request.urlopen("${services[service].url}/${path}", timeout=60).read().decode()); break
    except urllib.error.HTTPError as error:
        print(error.read().decode()); break
    except urllib.error.URLError:
        time.sleep(0.2)`;
    return (await this.must(`python3 -c '${script}'`)).trim();
  }

  async pidOf(service: string): Promise<number> {
    return Number((await this.must(`systemctl show -p MainPID --value ${service}`)).trim());
  }

  /** Attempts refused since the last call, those of ps left out, a line for each. */
  async refusals(): Promise<string[]> {
    // A repeated attempt is reported within a second.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { stdout } = await this.guest.run(`cat ${eventsFile} 2>/dev/null`);
    const events = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as SeenEvent)
      .filter(({ vector }) => vector !== null);
    const fresh = events.slice(this.#seen);
    this.#seen = events.length;
    return fresh
      .filter((event) => event.outcome !== "observed" && !isHabitOfPs(event))
      .map(({ vector, door, count, offender, target, syscall, detail }) =>
        [
          vector,
          door,
          `${count}x`,
          offender.exe?.path,
          offender.comm,
          target?.workload,
          syscall?.name,
          JSON.stringify(detail),
        ].join(" "),
      );
  }
}
