// SPDX-License-Identifier: Apache-2.0
// The API server double in a guest: its files from here, then one order after the other.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GuestCommand } from "../lab/command.js";
import type { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { ApiServer } from "../unit/kubernetes-server.js";
import type { Order } from "./api-server.js";
import { nextLine } from "./next-line.js";

/** In the guest: the program, and token and ca.crt for who asks it. */
export const apiDirectory = "/opt/api";

export interface ApiFiles {
  copy: { from: string; to: string }[];
  remove: () => void;
}

/** Made here, since the certificate takes openssl. */
export async function apiFiles(): Promise<ApiFiles> {
  const files = mkdtempSync(join(tmpdir(), "ct-api-"));
  await (await ApiServer.start(files)).down();
  writeFileSync(join(files, "package.json"), '{ "type": "module" }');
  const own = (path: string) => ({ from: join(treeRoot(), "dist/test", path), to: `${apiDirectory}/${path}` });
  return {
    copy: [
      ...["unit/kubernetes-server.js", "unit/kubernetes-objects.js", "matrix/api-server.js"].map(own),
      ...["ca.crt", "api.key", "token", "package.json"].map((name) => ({
        from: join(files, name),
        to: `${apiDirectory}/${name}`,
      })),
    ],
    remove: () => rmSync(files, { recursive: true, force: true }),
  };
}

export class GuestApi {
  readonly url: string;
  readonly command: GuestCommand;
  #answered = 0;

  private constructor(url: string, command: GuestCommand) {
    this.url = url;
    this.command = command;
  }

  /** @param prefix what starts the program elsewhere, as in a network namespace */
  static async start(guest: Guest, prefix = "exec"): Promise<GuestApi> {
    const command = guest.spawn(`${prefix} node ${apiDirectory}/matrix/api-server.js ${apiDirectory}`);
    return new GuestApi(await nextLine(command, 0, 240_000), command);
  }

  async order(what: Order): Promise<void> {
    this.command.write(`${JSON.stringify(what)}\n`);
    await nextLine(this.command, ++this.#answered, 120_000);
  }
}
