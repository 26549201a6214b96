// SPDX-License-Identifier: Apache-2.0
// A guest with a victim that gets protected, a neighbour that does not, and the agent. Runs attacks and collects what
// the agent reported; what that proves is decided in the tests.

import { isVectorName, vectorEntry } from "../../src/vectors/index.js";
import type { GuestCommand } from "../lab/command.js";
import type { Guest } from "../lab/guest.js";
import { nextLine } from "./next-line.js";

export const triggerDir = "/opt/cloudtaser/triggers";
/** Asks the agent; test/triggers/ask.c. */
export const ask = `${triggerDir}/ask`;
export const eventsFile = "/run/events.ndjson";
const configFile = "/run/cloudtaser.yaml";
/** A loaded host emulates slowly; this is patience, not a limit on the agent. */
const eventPatienceMs = 60_000;
/** Where the agent's control group lies; the triggers know it too. */
const agentGroup = "/sys/fs/cgroup/cloudtaser/a";
/** A kill program that a configuration may allow to signal the agent, so that tests can stop it under every policy. */
export const allowedKill = "/run/allowed-kill";

export interface Person {
  pid: number;
  tid2: number;
  address: string;
  length: number;
  secret: string;
  scratch: string;
  fd: number;
  childPid: number;
  command: GuestCommand;
}

type Aim = Pick<Person, "pid" | "tid2" | "address" | "length" | "scratch" | "fd"> & Partial<Pick<Person, "command">>;

export interface Truth {
  vector: string;
  road: string;
  succeeded: boolean;
  errno: number;
  errnoName: string;
  got: string;
  attempts: number;
  pid: number;
  why?: string;
}

export interface Attack {
  status: number;
  truth: Truth | undefined;
}

export interface SeenEvent {
  seq: number;
  type: string;
  vector: string;
  outcome: string;
  mode: string;
  killed: boolean;
  leakWindow: boolean;
  count: number;
  offender: { pid: number; tid: number; comm: string; exe?: { path?: string } };
  target?: { pid: number; workload?: string };
  error?: string | null;
  door: string;
  syscall?: { name: string; compat?: boolean };
  detail: Record<string, string | number>;
}

/** An event of the agent's own. */
export interface SeenNotice {
  seq: number;
  type: string;
  severity: string;
  vectors: string[];
  door: string | null;
  count: number;
  detail: Record<string, string | number>;
}

export class Field {
  readonly guest: Guest;
  agent: GuestCommand | undefined;
  agentPid = 0;
  /** A process in another pid namespace than the attackers', for the road that needs one. */
  namespaced = 0;
  /** Where attacks that have a child of their own protected put it; one of its own if left out. */
  childWorkload: string | undefined;
  module: { plain: string; packed: string; fs: string } = { plain: "", packed: "", fs: "" };

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async sh(command: string, timeoutSeconds = 120): Promise<{ status: number; stdout: string; stderr: string }> {
    return this.guest.run(command, { timeoutSeconds });
  }

  /** Starts a victim and reads where its secret lies. */
  async person(): Promise<Person> {
    const command = this.guest.spawn([`${triggerDir}/victim`]);
    const said = JSON.parse(await nextLine(command, 0)) as Omit<Person, "command">;
    return { ...said, command };
  }

  /** Tells a victim to do something; returns the JSON it answers with. */
  async tell<Answer = Omit<Person, "command">>(person: Person, line: string): Promise<Answer> {
    return JSON.parse(await this.#ask(person.command, line)) as Answer;
  }

  #ask(command: GuestCommand, line: string): Promise<string> {
    const before = command.stdout.split("\n").length - 1;
    command.write(`${line}\n`);
    return nextLine(command, before);
  }

  /** Starts the accomplice that opens the guarded files of these processes before any of them is protected. */
  async hold(people: readonly Person[]): Promise<void> {
    const aims: string[] = [];
    for (const person of people) aims.push(`${person.pid}:${(await this.tell(person, "brief")).tid2}`);
    const command = this.guest.spawn([`${triggerDir}/holder`, ...aims]);
    if ((await nextLine(command, 0)) !== "ready") throw new Error(`no holder: ${command.stderr}`);
    for (const person of people) await this.tell(person, "gone");
  }

  async roads(vector: string): Promise<string[]> {
    const { stdout } = await this.guest.run([`${triggerDir}/${vector}`, "--list-roads"]);
    return JSON.parse(stdout) as string[];
  }

  async attack(vector: string, road: string, on: Aim, lingerSeconds = 0): Promise<Attack> {
    if (isVectorName(vector) && vectorEntry(vector).scope === "own") return this.ownAct(vector, road, on);
    const argv = this.attackCommand(vector, road, on, lingerSeconds);
    const { status, stdout } = await this.guest.run(argv, { timeoutSeconds: 120 });
    const line = stdout.trim();
    return { status, truth: line.startsWith("{") ? (JSON.parse(line) as Truth) : undefined };
  }

  /** What a protected process does itself: a child of that one does it. */
  async ownAct(vector: string, road: string, { command }: Aim): Promise<Attack> {
    if (command === undefined) throw new Error(`${vector}/${road} needs somebody who can be told to do it`);
    const { status, truth } = JSON.parse(await this.#ask(command, `run ${vector} ${road}`)) as {
      status: number;
      truth: Truth | null;
    };
    return { status, truth: truth ?? undefined };
  }

  attackCommand(vector: string, road: string, on: Aim, lingerSeconds = 0): string[] {
    const writes = vector === "procmem_write" || vector === "process_vm_write";
    const target = road === "other_pidns" ? this.namespaced : on.pid;
    const argv = [`${triggerDir}/${vector}`, "--road", road, "--target", `${target}`, "--tid", `${on.tid2}`];
    argv.push("--address", writes ? on.scratch : on.address, "--length", `${on.length}`, "--fd", `${on.fd}`);
    argv.push("--file", road === "finit_module_compressed" ? this.module.packed : this.module.plain);
    argv.push("--name", this.module.fs, "--linger", `${lingerSeconds}`);
    // A stopped agent cannot be asked; without an agent the target stands in for it.
    if (this.agent) argv.push("--agent", `${this.agentPid}`);
    if (this.childWorkload) argv.unshift("env", `CT_WORKLOAD=${this.childWorkload}`);
    return argv;
  }

  /** Finds a module that nothing uses, plain and as the distribution packs it, and a file system that is a module. */
  async findModules(): Promise<void> {
    const script = `
      cd /lib/modules/$(uname -r)/kernel
      f=$(find . -name 'dummy.ko*' | head -1); cp "$f" /tmp/; cd /tmp
      [ -e dummy.ko ] || busybox unxz -k dummy.ko.xz
      [ -e dummy.ko.xz ] || python3 -c "import lzma; open('dummy.ko.xz', 'wb').write(lzma.compress(open('dummy.ko', 'rb').read(), check=lzma.CHECK_CRC32))"
      for fs in squashfs minix cramfs romfs; do
        find /lib/modules/$(uname -r)/kernel/fs -name "$fs.ko*" | grep -q . && ! grep -qw "$fs" /proc/filesystems && { echo $fs; break; }
      done`;
    const { stdout, stderr } = await this.sh(script);
    if (!/^\w+$/.test(stdout.trim())) throw new Error(`no module to try: ${stdout} ${stderr}`);
    this.module = { plain: "/tmp/dummy.ko", packed: "/tmp/dummy.ko.xz", fs: stdout.trim() };
  }

  async writeConfig(config: Record<string, unknown>): Promise<void> {
    // JSON is YAML. By rename: the agent watches the file, and half of one, or none of it yet, may be valid too.
    await this.guest.writeFile(
      `${configFile}.new`,
      JSON.stringify({ events: { stdout: false, file: { path: eventsFile } }, ...config }),
    );
    await this.sh(`mv ${configFile}.new ${configFile}`);
  }

  async startAgent(config: Record<string, unknown>, patienceSeconds = 240): Promise<void> {
    await this.writeConfig(config);
    this.agent = this.guest.spawn(
      `[ ! -d ${agentGroup} ] || echo 0 > ${agentGroup}/cgroup.procs
      NODE_OPTIONS=--max-semi-space-size=4 exec cloudtaser agent --config ${configFile}`,
    );
    const asked = this.guest.spawn([ask, "--for", `${patienceSeconds}`, "GET", "/v1/status"]);
    void this.agent.done.finally(() => asked.kill("SIGKILL")).catch(() => undefined);
    const { status, stdout } = await asked.done;
    if (status !== 0) throw new Error(`the agent did not get ready:\n${this.agent.stderr.slice(-4000)}`);
    const report = JSON.parse(stdout) as { ready: boolean; pid: number; notReady: string[] };
    this.agentPid = report.pid;
    // It answers once the doors were tried: by waiting alone it will not get ready.
    if (!report.ready) throw new Error(`the agent does not get ready: ${report.notReady.join("; ")}`);
  }

  async stopAgent(): Promise<number> {
    if (!this.agent) return 0;
    await this.signalAgent("TERM");
    const { status } = await this.agent.done;
    this.agent = undefined;
    return status;
  }

  /** By the program that tests put on the allow list where signals to the agent are refused. */
  async signalAgent(signal: string): Promise<void> {
    const { status, stderr } = await this.sh(
      `[ -x ${allowedKill} ] || cp /usr/bin/kill ${allowedKill}; ${allowedKill} -${signal} ${this.agentPid}`,
    );
    if (status !== 0) throw new Error(`SIG${signal} did not reach the agent: ${stderr}`);
  }

  /** Puts a configuration in force while the agent runs. */
  async reconfigure(config: Record<string, unknown>): Promise<void> {
    await this.writeConfig(config);
    // Patience for a reload under attack, not a limit on it.
    const { status, stdout } = await this.control("POST", "/v1/reload", undefined, 240);
    if (status !== 0) throw new Error(`reload refused: ${stdout}`);
  }

  control(
    method: string,
    path: string,
    body?: unknown,
    timeoutSeconds = 300,
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const argv = [ask, method, path];
    return this.guest.run(body === undefined ? argv : [...argv, JSON.stringify(body)], { timeoutSeconds });
  }

  async protect(pid: number, name: string): Promise<void> {
    const { status, stdout, stderr } = await this.control("POST", "/v1/protect", { pid, name });
    if (status !== 0) throw new Error(`protect refused: ${stdout}${stderr}`);
  }

  async unprotect(workload: string): Promise<void> {
    const { status, stdout } = await this.control("POST", "/v1/unprotect", { workload });
    if (status !== 0) throw new Error(`unprotect refused: ${stdout}`);
  }

  /** Sums of the kernel's own counters: "vector outcome" to count. */
  async counts(): Promise<Map<string, number>> {
    const { stdout } = await this.control("GET", "/v1/vectors");
    const reports = JSON.parse(stdout) as {
      vector: string;
      observed: string;
      denied: string;
      killed: string;
      allowed: string;
    }[];
    return new Map(
      reports.flatMap((r) =>
        (["observed", "denied", "killed", "allowed"] as const).map((o): [string, number] => [
          `${r.vector} ${o}`,
          Number(r[o]),
        ]),
      ),
    );
  }

  /** Empties the file, to which the agent appends, once nothing more comes: a flood would be read again and again. */
  async forgetEvents(): Promise<void> {
    await this.events();
    await this.sh(`: > ${eventsFile}`);
  }

  /** What the agent said of itself so far: its events without a vector. */
  async notices(): Promise<SeenNotice[]> {
    const { stdout } = await this.sh(`grep '"vector":null' ${eventsFile}`);
    return stdout
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as SeenNotice);
  }

  /** All attacks that were reported so far: read again until `enough` of them are there (or patience ends) and then no more come. */
  async events(enough: (events: SeenEvent[]) => boolean = () => true): Promise<SeenEvent[]> {
    const deadline = Date.now() + eventPatienceMs;
    let last = -1;
    for (;;) {
      const { stdout } = await this.sh(`cat ${eventsFile} 2>/dev/null`);
      const events = stdout
        .split("\n")
        // What follows the last newline is empty, or a line that the agent is still writing.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as SeenEvent)
        .filter(({ vector }) => vector !== null);
      const settled = stdout.length === last;
      if (settled && (enough(events) || Date.now() > deadline)) return events;
      last = stdout.length;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  }
}
