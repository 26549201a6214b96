// SPDX-License-Identifier: Apache-2.0
// A line of the stream as somebody wants to see it. The model is checked with zod, which takes a while to load: only from here.

import { printable } from "../errors/index.js";
import { eventSchema } from "../formats/event.js";
import type { FormatName } from "../formats/format.js";
import { formatHuman, formatNotice } from "../formats/human.js";
import { loadFormat } from "../formats/load.js";
import { noticeSchema } from "../formats/notice.js";
import { parseOrNull } from "./events-options.js";

export async function lineIn(format: FormatName | "human", color: boolean): Promise<(line: string) => string> {
  const encode = format === "human" ? undefined : (await loadFormat(format)).line;
  return (line) => {
    const parsed = parseOrNull(line);
    const event = eventSchema().safeParse(parsed);
    if (event.success) return encode?.(event.data).trimEnd() ?? formatHuman(event.data, { color });
    const notice = noticeSchema().safeParse(parsed);
    if (notice.success) return encode?.(notice.data).trimEnd() ?? formatNotice(notice.data, { color });
    return `unknown event: ${printable(line, 2000)}`;
  };
}
