// SPDX-License-Identifier: Apache-2.0
// What formats say of a vector itself, the same in each of its events: looked up once.

import { isVectorName, vectorEntry } from "../vectors/index.js";
import { type AttackTechnique, attackOf } from "./attack.js";
import { plain } from "./text.js";

export interface Rule {
  title: string;
  techniques: readonly string[];
  tactics: readonly string[];
  attacks: readonly AttackTechnique[];
  /** Key in detail of the name that the attempt was made by, a file's mostly. */
  nameKey?: string;
}

const rules = new Map<string, Rule>();

/** Of a vector that this version does not know: its name alone. */
export function ruleOf(vector: string): Rule {
  const known = rules.get(vector);
  if (known !== undefined) return known;
  if (!isVectorName(vector)) return { title: plain(vector, 64), techniques: [], tactics: [], attacks: [] };
  const { title, attack, name } = vectorEntry(vector);
  const rule = { title, ...attack, attacks: attackOf(attack), ...(name === undefined ? {} : { nameKey: name.key }) };
  rules.set(vector, rule);
  return rule;
}
