// SPDX-License-Identifier: Apache-2.0
// What holds for every door of the node, whatever the policy.
import { decodeSettings, encodeSettings, SettingsSize } from "./abi.gen.js";
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
    this.#update({
      nodeGuardsAlways: nodeGuardsAlways ? 1 : 0,
      reportAllowed: reportAllowed ? 1 : 0,
      uprobeFlag: this.#uprobeFlag,
    });
  }

  /** From now on the doors tell this agent who the offenders are, though they have told the one before. */
  listen(): void {
    this.#update(this.#standing());
  }

  #update(settings: Omit<ReturnType<typeof decodeSettings>, "listener">): void {
    this.#listener ??= (this.#standing().listener + 1) >>> 0;
    this.#map.update(place, encodeSettings({ ...settings, listener: this.#listener }));
  }

  #standing(): ReturnType<typeof decodeSettings> {
    return decodeSettings(this.#map.lookup(place) ?? Buffer.alloc(SettingsSize));
  }

  /** TRACE_EVENT_FL_UPROBE of this kernel, 0 if it is not known. */
  #flagOfUprobes(): number {
    const flag = this.#native.kernelEnumerator("TRACE_EVENT_FL_UPROBE") ?? 0;
    this.#native.releaseBtf();
    return flag;
  }
}
