// SPDX-License-Identifier: Apache-2.0
// A sink that looks at its store just as something comes.

import { expect, it, vi } from "vitest";
import { BatchSink } from "../../src/sinks/batch.js";
import { type Entry, freshStats } from "../../src/sinks/sink.js";
import { MemoryStore } from "../../src/sinks/store.js";
import { Source } from "./sinks-support.js";

it("does not sleep over an event that came while it looked and found nothing", async () => {
  const stats = freshStats();
  const sent: Entry[] = [];
  let looked = (): void => {};
  const store = new (class extends MemoryStore {
    override async peek(most: { events: number; bytes: number }) {
      const found = await super.peek(most);
      looked();
      return found;
    }
  })({ maxLines: 100, maxBytes: 1024 * 1024 }, stats);
  const transport = {
    most: { events: 10, bytes: 1024 },
    async send(batch: readonly Entry[]) {
      sent.push(...batch);
      return { again: [], refused: 0, bytes: 1 };
    },
    close() {},
  };
  const sink = new BatchSink("late", store, transport, stats, { lasting: false });
  const [entry] = new Source().many(1);
  looked = () => {
    looked = () => {};
    if (entry !== undefined) sink.write(entry);
  };
  await vi.waitFor(() => expect(sent).toEqual([entry]), 3000);
  await sink.close(100);
});
