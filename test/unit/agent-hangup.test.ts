// SPDX-License-Identifier: Apache-2.0
// SIGHUP opens the files of events anew at any time; the configuration is read again only once the start is over.

import { expect, it, vi } from "vitest";
import { hangUp } from "../../src/agent/hangup.js";

it("opens sinks anew during the start too, and reads no configuration then", () => {
  const agent = { reopenSinks: vi.fn(), reload: vi.fn(async () => Promise.reject(new Error("refused"))) };
  hangUp(agent, false);
  expect(agent.reopenSinks).toHaveBeenCalledTimes(1);
  expect(agent.reload).not.toHaveBeenCalled();
  hangUp(agent, true);
  expect(agent.reopenSinks).toHaveBeenCalledTimes(2);
  expect(agent.reload).toHaveBeenCalledTimes(1);
});
