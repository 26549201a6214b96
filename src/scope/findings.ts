// SPDX-License-Identifier: Apache-2.0
// What was found when protection of a workload began, told as long as it concerns somebody.

export class Findings {
  readonly #found = new Map<string, readonly string[]>();

  set(workload: string, warnings: readonly string[]): void {
    if (warnings.length > 0) this.#found.set(workload, warnings);
    else this.#found.delete(workload);
  }

  forget(workload: string): void {
    this.#found.delete(workload);
  }

  /** Of workloads of which nothing is left it is of no use to anybody. */
  keepOnly(isInUse: (workload: string) => boolean): void {
    for (const workload of this.#found.keys()) if (!isInUse(workload)) this.#found.delete(workload);
  }

  get size(): number {
    return this.#found.size;
  }

  get all(): string[] {
    return [...this.#found].flatMap(([workload, found]) => found.map((one) => `${workload}: ${one}`));
  }
}
