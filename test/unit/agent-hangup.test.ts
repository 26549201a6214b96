// SPDX-License-Identifier: Apache-2.0
// SIGHUP opens the files of events anew at any time; the configuration is read again once the start is over, also where the
// signal, or a change of the file, came before.

import { expect, it, vi } from "vitest";
import { ReloadWishes } from "../../src/agent/hangup.js";

const fake = () => ({
  reopenSinks: vi.fn(),
  reload: vi.fn(async () => Promise.reject(new Error("refused"))),
});

it("opens sinks anew during the start too, and reads the configuration when it is over", () => {
  const agent = fake();
  const wishes = new ReloadWishes(agent);
  wishes.hangUp();
  wishes.reload();
  expect(agent.reopenSinks).toHaveBeenCalledTimes(1);
  expect(agent.reload).not.toHaveBeenCalled();
  wishes.started();
  expect(agent.reload).toHaveBeenCalledTimes(1);
  wishes.hangUp();
  expect(agent.reopenSinks).toHaveBeenCalledTimes(2);
  expect(agent.reload).toHaveBeenCalledTimes(2);
});

it("reads no configuration after a start in which nobody asked for it", () => {
  const agent = fake();
  new ReloadWishes(agent).started();
  expect(agent.reload).not.toHaveBeenCalled();
});
