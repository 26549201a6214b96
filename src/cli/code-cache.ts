// SPDX-License-Identifier: Apache-2.0
// Runs the bundle's files with what V8 made of them at build time beside them: parsing and compiling them is most of a
// start. A cache of another Node or of other flags is refused by V8, and the file is compiled as if there were none.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";

/** Of a file of the bundle: the file's name with this after it. */
export const cacheSuffix = ".cache";

type Wrapped = (exports: unknown, require: (id: string) => unknown, module: object, file: string, at: string) => void;

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

export class Bundle {
  readonly #directory: string;
  readonly #isCached: boolean;
  /** Of what is not of the bundle. */
  readonly #others: NodeJS.Require;
  readonly #modules = new Map<string, { exports: unknown }>();
  /** Those that ran, by file name. */
  readonly scripts = new Map<string, Script>();

  /**
   * @param directory where the bundle's CommonJS files lie
   * @param isCached false: caches are left alone, as when they are made
   */
  constructor(directory: string, isCached = true) {
    this.#directory = directory;
    this.#isCached = isCached;
    this.#others = createRequire(join(directory, "/"));
  }

  /** Runs a file, once, with all that it requires; what it exports. Throws what it throws, or that it cannot be read. */
  load(name: string): unknown {
    const known = this.#modules.get(name);
    if (known !== undefined) return known.exports;
    const path = join(this.#directory, name);
    const cachedData = this.#isCached ? read(`${path}${cacheSuffix}`) : undefined;
    // One line, so that positions in what goes wrong are the file's.
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, "utf8")}\n})`;
    const script = new Script(source, { filename: path, ...(cachedData === undefined ? {} : { cachedData }) });
    this.scripts.set(name, script);
    const module = { exports: {} as unknown };
    this.#modules.set(name, module);
    const require = (id: string): unknown => (id.startsWith("./") ? this.load(id.slice(2)) : this.#others(id));
    (script.runInThisContext() as Wrapped)(module.exports, require, module, path, this.#directory);
    return module.exports;
  }

  /** Files whose cache V8 would not take. */
  refused(): string[] {
    return [...this.scripts].flatMap(([name, script]) => (script.cachedDataRejected ? [name] : []));
  }
}
