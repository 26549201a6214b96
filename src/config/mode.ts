// SPDX-License-Identifier: Apache-2.0
// The words for a vector's mode. What a process does by itself is a channel, which is open or closed; the words of all
// other vectors do for it too.

import { z } from "zod";
import { type Mode, modes, type VectorName } from "../vectors/index.js";

const channelWords = { open: "off", closed: "enforce" } as const satisfies Record<string, Mode>;

const isChannel = (name: string): boolean => name.startsWith("chan_") || name === "egress";

const plain = z.enum(modes);

const channel = z
  .enum([...modes, "open", "closed"])
  .transform((word): Mode => (word === "open" || word === "closed" ? channelWords[word] : word));

export const modeOf = (name: VectorName): z.ZodType<Mode, string> => (isChannel(name) ? channel : plain);
