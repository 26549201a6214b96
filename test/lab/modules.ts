// SPDX-License-Identifier: Apache-2.0
// Which module files must be loaded, in which order, to get a feature: answered from depmod's files alone,
// because from kernel to kernel the same driver is a module, built in, or does not exist.

export interface ModuleTree {
  /** Module name to its file, relative to the modules folder. */
  files: ReadonlyMap<string, string>;
  /** File to the files that it needs. */
  needs: ReadonlyMap<string, readonly string[]>;
  builtin: ReadonlySet<string>;
}

/** "kernel/fs/ext4/ext4.ko.xz" is "ext4"; the kernel treats - and _ in names alike. */
export function moduleName(file: string): string {
  return (file.split("/").pop() ?? "").replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

export function parseModuleTree(modulesDep: string, modulesBuiltin: string): ModuleTree {
  const files = new Map<string, string>();
  const needs = new Map<string, readonly string[]>();
  for (const line of modulesDep.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const file = line.slice(0, colon);
    files.set(moduleName(file), file);
    needs.set(
      file,
      line
        .slice(colon + 1)
        .split(" ")
        .filter((word) => word !== ""),
    );
  }
  const builtin = new Set(
    modulesBuiltin
      .split("\n")
      .filter((line) => line !== "")
      .map(moduleName),
  );
  return { files, needs, builtin };
}

export interface LoadOrder {
  /** Files in the order in which insmod takes them. */
  files: string[];
  /** Asked for, but neither a module nor built in. */
  absent: string[];
}

export function loadOrder(tree: ModuleTree, wanted: readonly string[]): LoadOrder {
  const files: string[] = [];
  const absent: string[] = [];
  const add = (file: string): void => {
    if (files.includes(file)) return;
    for (const need of tree.needs.get(file) ?? []) add(need);
    if (!files.includes(file)) files.push(file);
  };
  for (const name of wanted) {
    const file = tree.files.get(name);
    if (file !== undefined) add(file);
    else if (!tree.builtin.has(name)) absent.push(name);
  }
  return { files, absent };
}
