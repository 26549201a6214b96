// SPDX-License-Identifier: Apache-2.0
// protect --secret-env: values of variables are registered before this process asks for its protection. Afterwards it
// would be one of the workload, and sending a value that is known there already would be refused as a leak.

import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { Environment } from "../config/index.js";
import type { ControlClient } from "../control/client.js";
import { CloudtaserError, printable } from "../errors/index.js";
import { valueOfVariable } from "./secret-value.js";

export interface SecretVariables {
  /** File of the authority's private key. */
  key?: string | undefined;
  /** Names of variables. */
  names: readonly string[];
  /** NAME=PLACE. */
  allow: readonly string[];
}

const usage = (reason: string): CloudtaserError =>
  new CloudtaserError("USAGE", { target: "protect", fields: { reason } });

function placesOf({ names, allow }: SecretVariables): Map<string, string[]> {
  const places = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const one of allow) {
    const [name = "", ...rest] = one.split("=");
    const list = places.get(name);
    if (list === undefined || rest.length === 0) {
      throw usage(`--allow takes NAME=PLACE, NAME being one of --secret-env: ${printable(one)}`);
    }
    list.push(rest.join("="));
  }
  return places;
}

/** A name that no other workload has: whoever came to share one would be trusted by all of it. */
export function workloadNameFor(command: string): string {
  const stem = basename(command)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return `${stem.slice(0, 40) || "command"}-${process.pid}-${randomBytes(4).toString("hex")}`;
}

export class LaunchSecrets {
  readonly #client: ControlClient;
  readonly #workload: string;
  readonly #registered: string[] = [];

  constructor(client: ControlClient, workload: string) {
    this.#client = client;
    this.#workload = workload;
  }

  /** All or none. Returns what the caller should be told. */
  async register(variables: SecretVariables, env: Environment): Promise<string[]> {
    const warnings: string[] = [];
    try {
      const seen = new Set<string | undefined>();
      for (const [name, allow] of placesOf(variables)) {
        // One value under two names is one secret.
        if (seen.has(env[name])) continue;
        seen.add(env[name]);
        warnings.push(...(await this.#add(name, allow, valueOfVariable(name, env))));
      }
      return warnings;
    } catch (error) {
      await this.undo();
      throw error;
    }
  }

  async #add(name: string, allow: string[], value: Buffer): Promise<string[]> {
    const request = { workload: this.#workload, name, allow, replace: true, endsWithWorkload: true };
    try {
      const { outcome, warnings } = await this.#client.addSecret(request, value);
      if (outcome === "registered") this.#registered.push(name);
      return warnings.map((warning) => `${name}: ${warning}`);
    } catch (error) {
      if (!(error instanceof CloudtaserError && error.code === "SECRET_TWICE")) throw error;
      return [`${name}: ${error.message}`];
    } finally {
      value.fill(0);
    }
  }

  /** Takes back what was registered for a command that does not start. */
  async undo(): Promise<void> {
    for (const name of this.#registered.splice(0)) {
      await this.#client.removeSecret({ workload: this.#workload, name }).catch(() => {}); // ends with the workload anyway
    }
  }
}
