// SPDX-License-Identifier: Apache-2.0
// From a format's name to its encoder. Those that are not native are loaded when one is wanted: an agent whose sinks are all native
// starts without them.

import { contentTypes, type Format, type FormatName } from "./format.js";
import { formatNative } from "./native.js";

/** The event itself. */
export const native: Format = { name: "native", line: formatNative, contentType: contentTypes.native };

export async function loadFormat(name: FormatName): Promise<Format> {
  return name === "native" ? native : (await import("./registry.js")).formats[name];
}
