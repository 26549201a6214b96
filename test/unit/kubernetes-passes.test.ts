// SPDX-License-Identifier: Apache-2.0
// When the reconcile looks: who asks is answered by a look that began after he had asked.
import { expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { CgroupTree } from "../../src/kubernetes/cgroups.js";
import { GuardedPods } from "../../src/kubernetes/guarded.js";
import { Reconciler } from "../../src/kubernetes/reconcile.js";
import { PodStore } from "../../src/kubernetes/store.js";
import { Tell } from "../../src/kubernetes/telling.js";
import { createLog } from "../../src/log/index.js";
import { FakeGuard } from "./kubernetes-support.js";

it("a call that comes as a pass ends is followed by a pass, at whatever step it comes", async () => {
  const selection = configSchema.parse({ kubernetes: {} }).kubernetes;
  if (selection === undefined) throw new Error("no kubernetes");
  let looks = 0;
  class Tree extends CgroupTree {
    override scan() {
      return { byUid: new Map<string, string[]>(), watched: [], foreign: new Map<string, number>() };
    }
  }
  const reconciler = new Reconciler({
    store: new PodStore(),
    pods: new GuardedPods({ load: () => [], save: () => {} }, selection),
    tree: new Tree(),
    guard: new FakeGuard("/nowhere"),
    selection: () => {
      looks++;
      return selection;
    },
    synced: () => true,
    tell: new Tell(() => {}),
    log: createLog({ write: () => {} }),
  });
  for (let steps = 0; steps < 40; steps++) {
    void reconciler.run();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    const before = looks;
    await reconciler.run();
    expect(looks, `after ${steps} steps`).toBeGreaterThan(before);
  }
});
