// SPDX-License-Identifier: Apache-2.0
// What holds for every door of the node, whatever the policy.
import { decodeSettings, encodeSettings } from "./abi.gen.js";
import type { BpfMap, Native } from "./native.js";

const place = Buffer.alloc(4);

export class Settings {
  readonly #map: BpfMap;
  readonly #native: Pick<Native, "kernelEnumerator" | "releaseBtf">;
  #uprobeFlag: number | undefined;
  #listener: number | undefined;

  constructor(map: BpfMap, native: Pick<Native, "kernelEnumerator" | "releaseBtf">) {
    this.#map = map;
    this.#native = native;
  }

  /** Throws what the kernel says to the map. */
  write({ nodeGuardsAlways, reportAllowed }: { nodeGuardsAlways: boolean; reportAllowed: boolean }): void {
    this.#uprobeFlag ??= this.#flagOfUprobes();
    // Another than the agent's before, to whom the doors have told who the offenders are.
    this.#listener ??= (this.#listenerBefore() + 1) >>> 0;
    this.#map.update(
      place,
      encodeSettings({
        nodeGuardsAlways: nodeGuardsAlways ? 1 : 0,
        reportAllowed: reportAllowed ? 1 : 0,
        uprobeFlag: this.#uprobeFlag,
        listener: this.#listener,
      }),
    );
  }

  #listenerBefore(): number {
    const standing = this.#map.lookup(place);
    return standing === undefined ? 0 : decodeSettings(standing).listener;
  }

  /** TRACE_EVENT_FL_UPROBE of this kernel, 0 if it is not known. */
  #flagOfUprobes(): number {
    const flag = this.#native.kernelEnumerator("TRACE_EVENT_FL_UPROBE") ?? 0;
    this.#native.releaseBtf();
    return flag;
  }
}
