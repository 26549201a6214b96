// SPDX-License-Identifier: Apache-2.0
// What was found when protection of workloads began, told as long as it concerns somebody.

interface Found {
  /** Those that were looked around for together. */
  workloads: Set<string>;
  warnings: readonly string[];
}

export class Findings {
  readonly #found = new Map<string, Found>();

  /** Of a look for one workload, or of one for several: then each sentence says of which process it is. */
  set(workloads: readonly string[], warnings: readonly string[]): void {
    const key = JSON.stringify(workloads);
    if (warnings.length > 0) this.#found.set(key, { workloads: new Set(workloads), warnings });
    else this.#found.delete(key);
  }

  /** What was found for several goes with the last of them. */
  forget(workload: string): void {
    for (const [key, { workloads }] of this.#found) {
      if (workloads.delete(workload) && workloads.size === 0) this.#found.delete(key);
    }
  }

  /** Of workloads of which nothing is left it is of no use to anybody. */
  keepOnly(isInUse: (workload: string) => boolean): void {
    for (const [key, { workloads }] of this.#found) if (![...workloads].some(isInUse)) this.#found.delete(key);
  }

  get size(): number {
    return this.#found.size;
  }

  get all(): string[] {
    return [...this.#found.values()].flatMap(({ workloads, warnings }) => {
      const [first = ""] = workloads;
      const name = workloads.size === 1 ? first : `${workloads.size} workloads`;
      return warnings.map((one) => `${name}: ${one}`);
    });
  }
}
