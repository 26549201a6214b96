// SPDX-License-Identifier: Apache-2.0
// What each format makes of the sample events: as it was committed, and valid by the schema of whoever reads it.

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { describe, expect, it } from "vitest";
import { isNotice } from "../../src/formats/any.js";
import { attackOf, tacticOf } from "../../src/formats/attack.js";
import { toEcs } from "../../src/formats/ecs.js";
import { type FormatName, formatNames, noticeTypes } from "../../src/formats/index.js";
import { ocsfClasses, toOcsf } from "../../src/formats/ocsf.js";
import { formats } from "../../src/formats/registry.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { goldenFiles } from "../../tools/golden.js";
import { samples } from "./formats-samples.js";

const read = (path: string): string => readFileSync(path, "utf8");
const schemaOf = (path: string): Record<string, unknown> => JSON.parse(read(path));

describe("golden files", () => {
  it.each([...goldenFiles()])("%s is what `make golden UPDATE=1` would write", (path, text) => {
    expect(read(path)).toBe(text);
  });

  it("hold every vector, outcome and notice", () => {
    for (const name of [...vectorNames, ...Object.keys(noticeTypes)]) expect([...samples.keys()]).toContain(name);
    const outcomes = new Set([...samples.values()].map((event) => (isNotice(event) ? "agent" : event.outcome)));
    expect([...outcomes].sort()).toEqual(["agent", "allowed", "denied", "killed", "observed"]);
  });
});

const schemas = [
  ["native", "docs/reference/event.schema.json"],
  ["ecs", "test/unit/schemas/ecs-8.17.json"],
  ["ocsf", "test/unit/schemas/ocsf-1.5.json"],
  ["falco", "test/unit/schemas/falco.json"],
] as const satisfies readonly (readonly [FormatName, string])[];

describe.each(schemas)("%s", (format, path) => {
  const schema = schemaOf(path);
  const draft = String(schema["$schema"]).includes("2019") ? Ajv2019 : Ajv;
  // The pattern beside the format says the same.
  const ajv = new draft({ allErrors: true, strict: false, formats: { uuid: true } });
  const validate = ajv.compile(schema);

  it.each([...samples])(`%s is valid by ${path}`, (_name, event) => {
    validate(JSON.parse(formats[format].line(event)));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("is not whatever one likes", () => {
    const [first] = samples.values();
    if (first === undefined) throw new Error("no samples");
    const object = JSON.parse(formats[format].line(first));
    expect(validate({ ...object, surplus: 1 })).toBe(false);
    for (const key of schema["required"] === undefined ? ["seq"] : (schema["required"] as string[])) {
      const { [key]: _left, ...rest } = object;
      expect(validate(rest), `without ${key}`).toBe(false);
    }
  });
});

describe("OCSF", () => {
  it.each([...samples])("names the class, activity and type of %s that belong together", (_name, event) => {
    const object = toOcsf(event);
    const uid = Number(object["class_uid"]);
    const activity = Number(object["activity_id"]);
    const known = ocsfClasses[uid as keyof typeof ocsfClasses];
    expect(object["class_name"]).toBe(known.name);
    expect(object["type_uid"]).toBe(uid * 100 + activity);
    expect(object["category_uid"]).toBe(Math.floor(uid / 1000));
    expect(activity === 99 || known.activities[activity] === object["activity_name"]).toBe(true);
  });
});

/** Which types ECS expects beside which category. */
const expectedTypes: Readonly<Record<string, readonly string[]>> = {
  configuration: ["access", "change", "creation", "deletion", "info"],
  driver: ["change", "end", "info", "start"],
  file: ["access", "change", "creation", "deletion", "info"],
  host: ["access", "change", "end", "info", "start"],
  intrusion_detection: ["allowed", "denied", "info"],
  network: ["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"],
  process: ["access", "change", "end", "info", "start"],
};

describe("ECS", () => {
  it.each([...samples])("gives %s types that its categories expect", (_name, event) => {
    const { category, type } = toEcs(event)["event"] as { category: string[]; type: string[] };
    const expected = category.flatMap((one) => expectedTypes[one] ?? []);
    expect(type.filter((one) => !expected.includes(one))).toEqual([]);
  });
});

describe("ATT&CK", () => {
  it.each(vectorNames)("has a name for what %s refers to, and leaves no tactic out", (vector) => {
    const { attack } = vectorEntry(vector);
    const found = attackOf(attack);
    for (const { technique, subTechnique } of found) {
      expect(technique.name, technique.id).toBeDefined();
      if (subTechnique !== undefined) expect(subTechnique.name, subTechnique.id).toBeDefined();
    }
    for (const id of attack.tactics) expect(tacticOf(id).name, id).toBeDefined();
    const told = new Set(found.flatMap(({ tactics }) => tactics.map(({ id }) => id)));
    expect([...told].sort()).toEqual([...attack.tactics].sort());
  });
});

it("ends each line with its only newline", () => {
  for (const name of formatNames) {
    for (const event of samples.values()) expect(formats[name].line(event)).toMatch(/^[^\n\r]+\n$/);
  }
});
