// SPDX-License-Identifier: Apache-2.0
// What the tests of one machine share.
import type { Field, Person } from "./field.js";

export interface Suite {
  field: Field;
  victim: Person;
  neighbour: Person;
  roads: Map<string, string[]>;
}
