// SPDX-License-Identifier: Apache-2.0
// Numbers of the C enums to names and back. The numbers come in as the generated map, so that they are typed only in C.

import { isVectorName, type VectorName, vectorNames } from "./table.js";

/** A generated C enum: { none: 0, ptrace_attach: 1, …, max: 64 }. */
export type GeneratedEnum = Readonly<Record<string, number>>;

/** Numbers to names; the sentinels none and max are left out. */
export function namesByNumber(generated: GeneratedEnum): ReadonlyMap<number, string> {
  const real = Object.entries(generated).filter(([name]) => name !== "none" && name !== "max");
  return new Map(real.map(([name, number]) => [number, name]));
}

export interface VectorNumbers {
  /** undefined for a number that the table does not know. */
  nameOf(number: number): VectorName | undefined;
  numberOf(name: VectorName): number;
}

/** Joins the table with enum ct_vector. Throws if one has a vector that the other lacks: that is a broken build. */
export function joinVectorNumbers(generated: GeneratedEnum): VectorNumbers {
  const names = new Map<number, VectorName>();
  for (const [number, name] of namesByNumber(generated)) {
    if (!isVectorName(name)) throw new TypeError(`enum ct_vector has ${name}, the vector table does not`);
    names.set(number, name);
  }
  const numbers = new Map([...names].map(([number, name]) => [name, number]));
  for (const name of vectorNames) {
    if (!numbers.has(name)) throw new TypeError(`the vector table has ${name}, enum ct_vector does not`);
  }
  return {
    nameOf: (number) => names.get(number),
    numberOf(name) {
      const number = numbers.get(name);
      if (number === undefined) throw new TypeError(`no number for vector ${name}`);
      return number;
    },
  };
}
