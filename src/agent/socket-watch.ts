// SPDX-License-Identifier: Apache-2.0
// Part of the repeated check: whether who asks at the control socket's path asks this agent. Beside the rounds, so that a path
// that does not answer does not put off the next proof.
import type { ControlServer, Replaced } from "../control/index.js";
import type { Log } from "../log/index.js";
import type { NoticeStream } from "./notices.js";

export class SocketWatch {
  readonly #control: Pick<ControlServer, "look">;
  readonly #stream: Pick<NoticeStream, "announce">;
  readonly #log: Pick<Log, "error">;
  #looking = false;
  /** What was told last, while it lasts. */
  #told = "";

  constructor(control: Pick<ControlServer, "look">, stream: Pick<NoticeStream, "announce">, log: Pick<Log, "error">) {
    this.#control = control;
    this.#stream = stream;
    this.#log = log;
  }

  /** Does not throw. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const replaced = await this.#control.look();
      if (replaced === undefined) this.#told = "";
      else this.#tell(replaced);
    } catch (error) {
      this.#log.error("the control socket's path could not be looked at", { error });
    } finally {
      this.#looking = false;
    }
  }

  #tell({ found, peer, movedTo, problem }: Replaced): void {
    const detail = {
      found,
      ...(peer === undefined ? {} : { pid: peer.pid, uid: peer.uid }),
      ...(movedTo === undefined ? {} : { movedTo: movedTo.slice(0, 200) }),
      served: problem === "" ? "yes" : "no",
      ...(problem === "" ? {} : { reason: problem.slice(0, 200) }),
    };
    const text = JSON.stringify(detail);
    if (text === this.#told) return;
    this.#told = problem === "" ? "" : text;
    this.#log.error("the control socket's path led elsewhere", detail);
    this.#stream.announce({ type: "CONTROL_SOCKET_REPLACED", detail });
  }
}
