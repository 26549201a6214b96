// SPDX-License-Identifier: Apache-2.0
// A guest under siege: attackers at full speed on a protected process, whose attempts are counted on both sides, and an
// agent that is started, ended and replaced meanwhile. What is done to it is in rounds.ts and faults.ts.
import { join } from "node:path";
import type { GuestCommand } from "../lab/command.js";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { ask, Field, type Person, triggerDir } from "../matrix/field.js";
import { nextLine } from "../matrix/next-line.js";
import { type Objects, otherObjects } from "./objects.js";
import type { Row } from "./table.js";

interface Tally {
  attempts: number;
  refused: number;
  succeeded: number;
  other: number;
  otherErrno: number;
}
type Totals = Record<string, Tally>;

/** Patience with an emulated machine that has more attackers than processors; no limit on the agent. */
const patienceSeconds = 400;
export const agentGroup = "/sys/fs/cgroup/cloudtaser/a";

/** What others do to the agent is what this is about: neither is refused here. */
const config = {
  mode: "enforce",
  onStop: "leave",
  vectors: { agent_signal: { mode: "detect" }, agent_cgroup: { mode: "detect" } },
};

/** What came of something that was done while everybody attacked: see Row. */
export interface Outcome {
  seconds?: number[];
  note?: string;
  faults?: string[];
}

/** A program of test/triggers/torture.c. */
export class Attackers {
  readonly command: GuestCommand;
  #lines = 1;

  private constructor(command: GuestCommand) {
    this.command = command;
  }

  static async start(guest: Guest, processes: number, on: Person): Promise<Attackers> {
    // At full speed whenever the agent waits, and not before it: else a start takes minutes of an emulated machine.
    const argv = ["nice", "-n", "19", `${triggerDir}/torture`, `${processes}`, `${on.pid}`, on.address, `${on.fd}`];
    const command = guest.spawn(argv);
    await nextLine(command, 0, patienceSeconds * 1000);
    return new Attackers(command);
  }

  async tell<T>(line: string): Promise<T> {
    this.command.write(`${line}\n`);
    return JSON.parse(await nextLine(this.command, this.#lines++, patienceSeconds * 1000)) as T;
  }
}

export class Siege {
  readonly field: Field;
  readonly #say: (text: string) => void;
  attackers!: Attackers;
  victim!: Person;
  neighbour!: Person;
  rows: Row[] = [];
  #before: { made: Totals; counted: Map<string, number> } = { made: {}, counted: new Map() };
  #more: Record<string, unknown> = {};
  /** For Node, of every agent that starts. */
  nodeOptions = "";
  /** Of each attacker that loops after each attempt, microseconds. */
  rest = 0;

  private constructor(field: Field, say: (text: string) => void) {
    this.field = field;
    this.#say = say;
  }

  static async begin(options: {
    kernel: string;
    memory: string;
    processes: number;
    /** The guest's clock counts instructions. */
    icount?: boolean;
    say: (text: string) => void;
  }): Promise<Siege> {
    const { kernel, memory, icount = false } = options;
    const siege = new Siege(new Field(await Guest.boot({ kernel, memory, icount, timeoutSeconds: 400 })), options.say);
    try {
      await siege.#prepare(options.processes);
      return siege;
    } catch (error) {
      await siege.end();
      throw error;
    }
  }

  async #prepare(processes: number): Promise<void> {
    const { field } = this;
    await this.works(
      `mkdir -p /sys/fs/cgroup/cloudtaser && echo +memory > /sys/fs/cgroup/cgroup.subtree_control &&
       echo +memory > /sys/fs/cgroup/cloudtaser/cgroup.subtree_control && mkdir -p ${agentGroup}`,
    );
    await field.guest.copy(join(treeRoot(), "build/torture/bpf"), otherObjects.path);
    this.victim = await field.person();
    this.neighbour = await field.person();
    this.attackers = await Attackers.start(field.guest, processes, this.victim);
    await field.startAgent(config, patienceSeconds);
    await field.protect(this.victim.pid, "victim");
    await this.#mark();
  }

  async end(): Promise<void> {
    await this.field.guest.close();
  }

  async works(command: string, timeoutSeconds = patienceSeconds): Promise<string> {
    const { status, stdout, stderr } = await this.field.sh(command, timeoutSeconds);
    if (status !== 0) throw new Error(`${command}: status ${status}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  /** From now on, and for every agent that starts. */
  configure(more: Record<string, unknown>): void {
    this.#more = more;
  }

  /** What configure() said is in force for the agent that runs. */
  async reload(): Promise<void> {
    await this.field.reconfigure({ ...config, ...this.#more });
  }

  async writeConfig(objects?: Objects): Promise<void> {
    await this.field.writeConfig({ ...config, ...this.#more, ...(objects?.settings ?? {}) });
  }

  /**
   * Ends the agent by that signal and starts the next; seconds of the guest from the one to when that one says that all
   * doors are proved.
   */
  async replaceAgent(signal: "KILL" | "TERM" | "none", objects?: Objects): Promise<number> {
    const { field } = this;
    await this.writeConfig(objects);
    // Before anything waits for what the next one leaves there.
    await this.works("rm -f /run/siege.*");
    const old = field.agentPid;
    const ends = signal === "none" ? "" : `kill -${signal} ${old}`;
    const previous = field.agent;
    field.agent = field.guest.spawn(
      `cut -d' ' -f1 /proc/uptime > /run/siege.died; ${ends}
       while [ -e /proc/${old}/exe ]; do sleep 0.01; done
       ( ${ask} --for ${patienceSeconds} GET /v1/status > /run/siege.status && cut -d' ' -f1 /proc/uptime > /run/siege.new &&
         mv /run/siege.new /run/siege.up ) &
       echo 0 > ${agentGroup}/cgroup.procs; NODE_OPTIONS="${this.nodeOptions}" exec cloudtaser agent --config /run/cloudtaser.yaml`,
    );
    await previous?.done;
    const next = field.agent;
    const up = this.works(
      "until [ -e /run/siege.up ]; do sleep 0.1; done; cat /run/siege.died /run/siege.up /run/siege.status",
    );
    const early = next.done.then(({ status }) => {
      throw new Error(`the agent ended with ${status}:\n${next.stderr.slice(-4000)}`);
    });
    early.catch(() => undefined);
    const [died = "", started = "", ...status] = (await Promise.race([up, early])).split("\n");
    const report = JSON.parse(status.join("\n")) as {
      ready: boolean;
      pid: number;
      tookOver: boolean;
      notReady: string[];
    };
    field.agentPid = report.pid;
    if (!report.ready) throw new Error(`the agent is not ready: ${report.notReady.join("; ")}`);
    if (!report.tookOver) throw new Error("the agent took nothing over");
    return Number(started) - Number(died);
  }

  /** Returns once it is gone. */
  async endAgent(signal: "KILL" | "TERM"): Promise<void> {
    const { field } = this;
    await this.works(`kill -${signal} ${field.agentPid}`);
    const { status } = (await field.agent?.done) ?? { status: 0 };
    if (signal === "TERM" && status !== 0)
      throw new Error(`the agent ended with ${status}: ${field.agent?.stderr.slice(-2000)}`);
    field.agent = undefined;
  }

  /** From death to full service while nobody attacks, guest seconds. */
  async quietStarts(count: number): Promise<number[]> {
    const seconds: number[] = [];
    for (let n = 0; n < count; n++) seconds.push(await this.replaceAgent("KILL"));
    return seconds;
  }

  /** One attempt by each road, all of which are refused. */
  async probe(pid: number): Promise<string[]> {
    const { roads, refused } = await this.attackers.tell<{ roads: number; refused: number }>(`probe ${pid}`);
    return refused === roads ? [] : [`of ${pid}, ${refused} of ${roads} roads were refused`];
  }

  /** The victim, and a child born now, are refused, with or without an agent; the neighbour is not. */
  async lookAround(): Promise<string[]> {
    const faults: string[] = [];
    const { childPid } = await this.field.tell(this.victim, "fork");
    for (const pid of [this.victim.pid, childPid]) faults.push(...(await this.probe(pid)));
    const { roads, reached } = await this.attackers.tell<{ roads: number; reached: number }>(
      `reach ${this.neighbour.pid} ${this.neighbour.address} ${this.neighbour.fd}`,
    );
    if (reached !== roads) faults.push(`of the neighbour, ${reached} of ${roads} roads were open`);
    await this.field.sh(`kill -9 ${childPid}`);
    return faults;
  }

  /**
   * Runs it while everybody attacks, then counts on both sides; an agent must answer at its end.
   * @param others asked once nobody attacks: refusals of somebody else's, by vector, where events tell of them
   */
  async under(
    fault: string,
    action: () => Promise<Outcome>,
    others: () => Promise<Record<string, number>> = async () => ({}),
  ): Promise<Row> {
    await this.attackers.tell(`go ${this.rest}`);
    let result: Outcome;
    try {
      result = await action();
    } catch (error) {
      result = { faults: [error instanceof Error ? error.message : String(error)] };
    }
    // Without an agent that answers there is nothing to compare, and nothing to go on with.
    const row = await this.#count(fault, others).catch((error: unknown) => {
      throw new Error(`${fault}: ${result.faults?.join("; ") ?? "no count"}`, { cause: error });
    });
    row.seconds = result.seconds ?? [];
    row.note = result.note ?? "";
    row.faults.push(...(result.faults ?? []));
    this.rows.push(row);
    const times = row.seconds.map((one) => `${one.toFixed(1)} s`).join(", ");
    this.#say(
      `${fault}: ${row.attempts} attempts, ${row.refused} refused, ${row.successes} succeeded, ${row.other} other, ${row.counted} counted ${times} ${row.note} ${row.faults.join("; ")}`,
    );
    return row;
  }

  async #mark(): Promise<void> {
    this.#before = { made: await this.attackers.tell<Totals>("pause"), counted: await this.field.counts() };
  }

  /** By vector, since the last time: each must agree, not their sum alone. */
  async #count(fault: string, others: () => Promise<Record<string, number>>): Promise<Row> {
    const { made: madeBefore, counted: countedBefore } = this.#before;
    await this.#mark();
    const strange = await others();
    const row: Row = {
      fault,
      rounds: 1,
      attempts: 0,
      refused: 0,
      successes: 0,
      other: 0,
      counted: 0,
      seconds: [],
      note: "",
      faults: [],
    };
    for (const [vector, tally] of Object.entries(this.#before.made)) {
      const since = (name: keyof Tally): number => tally[name] - (madeBefore[vector]?.[name] ?? 0);
      const counts = (of: Map<string, number>): number => of.get(`${vector} denied`) ?? Number.NaN;
      const counted = counts(this.#before.counted) - counts(countedBefore) - (strange[vector] ?? 0);
      if (counted !== since("refused"))
        row.faults.push(`${vector}: ${since("refused")} were refused, ${counted} counted`);
      if (since("other") > 0) row.faults.push(`${vector}: errno ${tally.otherErrno}`);
      row.attempts += since("attempts");
      row.refused += since("refused");
      row.successes += since("succeeded");
      row.other += since("attempts") - since("refused") - since("succeeded");
      row.counted += counted;
    }
    return row;
  }
}
