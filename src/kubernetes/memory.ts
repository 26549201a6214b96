// SPDX-License-Identifier: Apache-2.0
// What was decided of each pod when it was first seen, kept in a file: a restarted agent must not let go of a pod because
// its annotations were changed meanwhile, or because the API server is away.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fieldsOf } from "./pod.js";

/** A pod that was to be protected, as it was then. */
export interface Remembered {
  uid: string;
  cgroupUid: string;
  namespace: string;
  name: string;
  labels: Record<string, string>;
  moreLabels?: true;
  annotations: Record<string, string>;
  /** It has had a control group on this node: somebody may be protected by its rules. */
  held?: boolean;
}

export interface Memory {
  load(): Remembered[];
  save(pods: readonly Remembered[]): void;
}

const version = 1;
const texts = ["uid", "cgroupUid", "namespace", "name"] as const;

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "string");

function isRemembered(value: unknown): value is Remembered {
  const fields = fieldsOf(value);
  return (
    texts.every((key) => typeof fields[key] === "string") && isTexts(fields["labels"]) && isTexts(fields["annotations"])
  );
}

/** Throws what writing throws. A file that is missing or damaged is an empty one. */
export function fileMemory(path: string): Memory {
  return {
    load() {
      try {
        const { version: found, pods } = fieldsOf(JSON.parse(readFileSync(path, "utf8")));
        return found === version && Array.isArray(pods) ? pods.filter(isRemembered) : [];
      } catch {
        return [];
      }
    },
    save(pods) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(`${path}.new`, `${JSON.stringify({ version, pods })}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
