// SPDX-License-Identifier: Apache-2.0
// The proof that the kernel calls our doors: a victim without secrets, a prober that attacks it at every door, and
// the kernel's own count of what the doors did. An attach that reports success proves nothing (a form whose LSM is not
// active, or ftrace switched off, looks the same); a refusal that our door counted does.
import { Role } from "./abi.gen.js";
import { CanaryProcess } from "./canary-process.js";
import { lackedFor } from "./capabilities.js";
import type { Census } from "./census.js";
import { readProof } from "./counters.js";
import { type DoorName, doorNames, doors } from "./doors.js";
import type { BpfMap } from "./native.js";
import { nobodyTraces, readLockdown, readModulesDisabled, readPtraceScope } from "./restraints.js";

/** Groups that no workload gets. */
export const canaryGroup = 0xffff_fff0;
const proberGroup = 0xffff_fff1;

const EPERM = 1;

/** A task is freed some time after it was reaped (RCU); the kernel promises no bound, so this is patience, not a limit. */
const freeTimeoutMs = 15_000;

export interface Proof {
  door: DoorName;
  proved: boolean;
  /** Why not, for people; "" when proved, or who refuses before the door is asked. */
  reason: string;
  /** The kernel would refuse the attack before the door is asked: nothing is known of it. */
  untried?: true;
  /** The kernel would have let the attack reach the door. */
  tried?: true;
}

export class Canary {
  readonly #victim: CanaryProcess;
  readonly #prober: CanaryProcess;
  readonly #census: Census;
  readonly #proofs: BpfMap;
  readonly #refuses: boolean;
  /** The victim has a child that was not reaped. */
  #child = false;

  private constructor(victim: CanaryProcess, prober: CanaryProcess, census: Census, proofs: BpfMap, refuses: boolean) {
    this.#victim = victim;
    this.#prober = prober;
    this.#census = census;
    this.#proofs = proofs;
    this.#refuses = refuses;
  }

  /**
   * @param executable path of cloudtaser-canary
   * @param refuses false: the doors only see the attack, so their count alone is the proof
   */
  static async start(executable: string, census: Census, proofs: BpfMap, refuses = true): Promise<Canary> {
    const victim = await CanaryProcess.start(executable, "victim");
    const prober = await CanaryProcess.start(executable, "prober").catch((error: unknown) => {
      victim.close();
      throw error;
    });
    // Descriptors from before protection, for the doors that guard those; a door whose probe has none stays unproven.
    await prober.ask(`hold ${victim.pid}`, "hold").catch((error: unknown) => {
      prober.close();
      victim.close();
      throw error;
    });
    return new Canary(victim, prober, census, proofs, refuses);
  }

  get alive(): boolean {
    return this.#victim.alive && this.#prober.alive;
  }

  get pids(): { victim: number; prober: number } {
    return { victim: this.#victim.pid, prober: this.#prober.pid };
  }

  /**
   * Makes each of the doors act once. Never throws for a door that fails: it is unproven, with the reason. Ends with the door at
   * which the canary ended. Throws if there is no place for the canary among the protected processes.
   */
  async prove(which: readonly DoorName[] = doorNames): Promise<Proof[]> {
    const victim = { tgid: this.#victim.pid, group: canaryGroup, role: Role.protected | Role.canary, follow: true };
    const prober = { tgid: this.#prober.pid, group: proberGroup, role: Role.prober, follow: false };
    // Of who has no place nothing would be proved but that.
    if ([victim, prober].some((one) => this.#census.add(one).full)) throw new Error("there is no place for it");
    const results: Proof[] = [];
    for (const door of which) {
      results.push(await this.#proveOne(door));
      if (!this.alive) break;
    }
    return results;
  }

  async #proveOne(door: DoorName): Promise<Proof> {
    try {
      // What calls a tracepoint's programs cannot be switched off while they are attached.
      if (doors[door].proof === "attached") return { door, proved: true, reason: "" };
      const lacked = lackedFor(door, await this.#probe("capabilities", this.#victim.pid));
      if (lacked) return { door, proved: false, untried: true, reason: `not tried: no CAP_${lacked}` };
      const before = readProof(this.#proofs, door);
      const problem = await this.#act(door);
      if (problem) return { door, proved: false, tried: true, reason: problem };
      if (await this.#rises(door, before)) return { door, proved: true, tried: true, reason: "" };
      const other = refusedBefore(door);
      if (other) return { door, proved: true, tried: true, reason: `not asked: ${other} refuses before it` };
      return { door, proved: false, tried: true, reason: "the kernel did not call it: attached, but it never ran" };
    } catch (error) {
      return {
        door,
        proved: false,
        reason: `the canary failed: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }

  /** What is wrong, or undefined. */
  async #act(door: DoorName): Promise<string | undefined> {
    switch (doors[door].proof) {
      case "attack":
        return this.#attack(door, this.#victim.pid);
      case "count":
        await this.#probe(door, this.#victim.pid);
        return undefined;
      case "fork": {
        if (this.#child) await this.#reap();
        const child = await this.#fork();
        return this.#attack("file_open", child, "a child of the canary was open to attack");
      }
      case "reap": {
        // A child may be left from the fork proof; if not, one is made first.
        if (!this.#child) await this.#fork();
        await this.#reap();
        return undefined;
      }
      case "exec": {
        this.#child = false; // it ends with the old image
        await this.#victim.ask("exec", "ready");
        return this.#attack("file_open", this.#victim.pid, "the canary lost its protection in exec");
      }
    }
  }

  /** What is wrong, or undefined: the attack was refused or, where nothing is refused, at least seen as one. */
  async #attack(door: DoorName, target: number, succeeded?: string): Promise<string | undefined> {
    const before = readProof(this.#proofs, door);
    const errno = await this.#probe(door, target);
    if (this.#refuses) return refusal(errno, succeeded);
    if (errno < 0) return `the canary could not prepare its attack (errno ${-errno})`;
    return readProof(this.#proofs, door) > before ? undefined : (succeeded ?? "the door did not see the attack");
  }

  async #fork(): Promise<number> {
    // Before it answers: one that says nothing may have forked.
    this.#child = true;
    return Number(await this.#victim.ask("fork", "child"));
  }

  async #reap(): Promise<void> {
    await this.#victim.ask("reap", "reaped");
    this.#child = false;
  }

  /** errno that the attempt ended with; 0 if it succeeded. Or the attacker's capabilities: see lackedFor(). */
  async #probe(door: DoorName | "capabilities", target: number): Promise<number> {
    return Number(await this.#prober.ask(`${door} ${target}`, door));
  }

  async #rises(door: DoorName, before: bigint): Promise<boolean> {
    const deadline = performance.now() + (doors[door].proof === "reap" ? freeTimeoutMs : 0);
    for (;;) {
      if (readProof(this.#proofs, door) > before) return true;
      if (performance.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#prober.close();
    this.#victim.close();
  }
}

/** What refuses for good, until the next boot. */
const held = () => ({
  ptraceScope: readPtraceScope(),
  lockdown: readLockdown(),
  modulesDisabled: readModulesDisabled(),
});

/**
 * At its last step Yama refuses every attach, a kernel that is locked down to confidentiality everything of which it asks
 * the lockdown hook, and one that has modules disabled each module, all until the next boot. The door is not asked where
 * they stand before bpf in the list, of a module never. The attack ended in EPERM all the same.
 */
export function refusedBefore(
  door: DoorName,
  { ptraceScope, lockdown, modulesDisabled }: ReturnType<typeof held> = held(),
): string | undefined {
  const traces = door === "ptrace_access_check" || door === "ptrace_traceme";
  if (traces && ptraceScope === nobodyTraces) return "Yama";
  const loads = door === "kernel_read_file" || door === "kernel_load_data";
  if (loads && modulesDisabled) return "kernel.modules_disabled";
  return door === "locked_down" && lockdown === "confidentiality" ? "the kernel's own lockdown" : undefined;
}

function refusal(errno: number, succeeded = "the canary's attack succeeded"): string | undefined {
  if (errno === EPERM) return undefined;
  return errno === 0 ? succeeded : `the canary's attack ended with errno ${errno}, not with our EPERM`;
}
