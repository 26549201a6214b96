// SPDX-License-Identifier: Apache-2.0
// Where a test runs, as far as its file and tools/run-tests.ts say so, and what is wrong with what a claim says of it. Which tests
// of a file need make test-all inside a guest is the file's own, and only whether there are any is known here.
import { posix } from "node:path";
import { configurations } from "../../test/matrix/configurations.js";
import { filesBelow } from "../../tools/tree.js";
import { read, stems } from "./sources.js";

/** Stems of test files by kernel, from one constant of tools/run-tests.ts, which runs when it is imported. */
export function listed(constant: string): [kernel: string, stem: string][] {
  const body = read("tools/run-tests.ts").split(`const ${constant}: `)[1]?.split("\n};")[0] ?? "";
  return [...body.matchAll(/"([\d.]+)": \[([^\]]*)\]/g)].flatMap(([, kernel = "", list = ""]) =>
    [...list.matchAll(/"([\w.-]+)"/g)].map(([, name = ""]): [string, string] => [kernel, name]),
  );
}

const sources = new Map(
  ["test", "tools"]
    .flatMap((directory) => filesBelow(directory))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, read(path)]),
);

const importsOf = (path: string): string[] =>
  [...(sources.get(path) ?? "").matchAll(/from "(\.[^"]+)\.js"/g)].map(([, name = ""]) =>
    posix.join(posix.dirname(path), `${name}.ts`),
  );

/** The file, and those that are made of it. */
function usersOf(path: string): Set<string> {
  const users = new Set([path]);
  for (let before = 0; before < users.size; ) {
    before = users.size;
    for (const one of sources.keys()) if (importsOf(one).some((used) => users.has(used))) users.add(one);
  }
  return users;
}

/** Some of what is in the file runs by make test-all alone. */
const differs = (path: string): boolean => /\b(isWhole|inAll|onlyInAll)\b/.test(sources.get(path) ?? "");
/** All of it does: it defines tests in no other way. */
const waits = (path: string): boolean =>
  /^ +(inAll|onlyInAll)\(/m.test(sources.get(path) ?? "") &&
  !/^ +(test|it)(\.each.*)?\(/m.test(sources.get(path) ?? "");

const matrixFile = (stem: string): string => `test/matrix/${stem}.test.ts`;
const always: [string, string][] = [
  ...Object.values(configurations).map(({ name, kernel }): [string, string] => [kernel, matrixFile(`kernel-${name}`)]),
  ...listed("alsoOn").map(([kernel, stem]): [string, string] => [kernel, matrixFile(stem)]),
];
const runsAlways = new Set(always.map(([, file]) => file));
const onlyInAll = listed("inAllToo").map(([kernel, stem]): [string, string] => [kernel, matrixFile(stem)]);
const suites = stems("test/matrix", ".test.ts").filter((stem) => Object.hasOwn(configurations, stem.slice(7)));

/** What make's target is given to run, as sources. */
function runBy(target: string): string[] {
  const recipe = new RegExp(`^${target}:.*\\n((?:\\t.*\\n)+)`, "m").exec(read("Makefile"))?.[1] ?? "";
  const sourcesOf = recipe.matchAll(/dist\/([\w./-]+)\.js|(test\/[\w./-]+\.test)\.ts/g);
  return [...sourcesOf].map(([, built, test]) => `${built ?? test}.ts`);
}

/** Both are, or are made of, one piece of the tests' own; guests and their people are everybody's. */
function kin(one: string, other: string): boolean {
  const parts = (path: string): string[] =>
    [path, ...importsOf(path)].filter((part) => !/^test\/(lab|matrix\/(field|extent))\b/.test(part));
  return parts(one).some((part) => parts(other).includes(part));
}

/** @return what the words on where a claim's tests run say wrongly, or leave out */
export function faultsOf(tests: string, where: string): string[] {
  const named = [...`${tests} ${where}`.matchAll(/`(test\/[\w./-]+\.ts)`/g)].map(([, path = ""]) => path);
  const quick = named.filter((path) => /^test\/(unit|contract|native)\//.test(path));
  const inGuests = named.filter((path) => path.startsWith("test/matrix/"));
  const users = new Set(inGuests.flatMap((path) => [...usersOf(path)]));
  const runs = (list: readonly [string, string][]): string[] =>
    list.filter(([, file]) => users.has(file)).map(([kernel]) => kernel);
  const saysAll = where.includes("`test-all`");
  const faults: string[] = [];
  const must = (holds: boolean, fault: string): void => void (holds || faults.push(fault));

  must(where.includes("`make unit`") === quick.length > 0, "make unit: said of no quick test, or of one left out");
  const late = inGuests.filter((path) => waits(path) || ![...usersOf(path)].some((user) => runsAlways.has(user)));
  must(saysAll || late.length === 0, `${late.join()}: runs in make test-all alone, and that is not said`);
  const isLate = late.length > 0 && late.length === named.length;
  must(!isLate || where.startsWith("`test-all` alone"), "runs in make test-all alone, and something else is said");
  const more = [...named, ...users].some(differs) || runs(onlyInAll).length > 0;
  must(!saysAll || more, "make test-all has no more of it than make test");

  const inWords = [...where.matchAll(/(?<![\d.])(\d\.\d+)(?![\d.]*\d)/g)].map(([, kernel = ""]) => kernel);
  const literal = inGuests.flatMap((path) =>
    [...(sources.get(path) ?? "").matchAll(/"(\d\.\d+)"/g)].map(([, one]) => one),
  );
  const kernels = new Set([...runs(always), ...runs(onlyInAll), ...literal]);
  for (const kernel of inWords) must(kernels.has(kernel), `does not run on ${kernel}`);
  const everywhere = /\b(all six|the four kernels)\b/.test(where);
  must(!everywhere || suites.every((stem) => users.has(matrixFile(stem))), "is not part of all six guests");
  must(inGuests.length === 0 || everywhere || inWords.length > 0, "no kernel is named");

  for (const [, target = ""] of where.matchAll(/`make ([\w-]+)`/g)) {
    if (["unit", "test", "test-all"].includes(target)) continue;
    const made = runBy(target);
    // Its file is named by a variable.
    const varied = new RegExp(`^${target}:.*\\n.* test/${target}/\\S*\\$\\(`, "m").test(read("Makefile"));
    const meant = varied
      ? named.some((path) => path.startsWith(`test/${target}/`))
      : named.some((path) => made.some((one) => kin(path, one)));
    must(meant, `make ${target} runs nothing of it`);
  }
  return faults;
}
