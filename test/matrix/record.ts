// SPDX-License-Identifier: Apache-2.0
// One cell of the matrix per configuration, vector and road, filled phase by phase and written when the guest is done.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Cell {
  vector: string;
  road: string;
  /** What happened without the agent. */
  without: "succeeded" | "refused" | "not possible here" | "not tried";
  /** In detect mode. */
  detect: string;
  /** In enforce mode. */
  enforce: string;
  /** Where the row is not "denied": why. */
  reason: string;
}

export class MatrixRecord {
  readonly #configuration: string;
  readonly #cells = new Map<string, Cell>();

  constructor(configuration: string) {
    this.#configuration = configuration;
  }

  cell(vector: string, road: string): Cell {
    const key = `${vector}/${road}`;
    const known = this.#cells.get(key);
    if (known) return known;
    const fresh: Cell = { vector, road, without: "refused", detect: "", enforce: "", reason: "" };
    this.#cells.set(key, fresh);
    return fresh;
  }

  write(facts: { release: string; form: string; soundness: string }): void {
    const directory = join(process.cwd(), "build", "matrix");
    mkdirSync(directory, { recursive: true });
    const body = { configuration: this.#configuration, ...facts, cells: [...this.#cells.values()] };
    writeFileSync(join(directory, `${this.#configuration}.json`), `${JSON.stringify(body, null, 2)}\n`);
  }
}
