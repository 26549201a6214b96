// SPDX-License-Identifier: Apache-2.0
// What is told of pods: once each, also where many others have something told of them.
import { beforeEach, describe, expect, it } from "vitest";
import type { Guarded } from "../../src/kubernetes/guarded.js";
import { type PodNotice, Tell } from "../../src/kubernetes/telling.js";

const pod = (name: string): Guarded => ({
  pod: { uid: name, cgroupUid: name, namespace: "n", name, labels: {}, annotations: {} },
  workload: name,
  rules: {},
  cgroups: new Set(),
  doubled: false,
  missingSince: undefined,
  seen: undefined,
  told: new Set(),
  untold: new Map(),
});

let now: number;
let notices: PodNotice[];
let tell: Tell;
let floods: Guarded[];
beforeEach(() => {
  floods = Array.from({ length: 500 }, (_, i) => pod(`flood-${i}`));
  now = 0;
  notices = [];
  tell = new Tell(
    (notice) => notices.push(notice),
    () => now,
  );
});

const flood = () => {
  for (const one of floods) tell.once(one, "POD_ANNOTATION_INVALID", "nonsense");
};
const names = () => notices.map(({ detail }) => detail["pod"]);

describe("many pods with nonsense", () => {
  it("keep back no other type", () => {
    flood();
    expect(notices).toHaveLength(60);
    tell.once(pod("victim"), "POD_UNGUARDED", "the table is full");
    tell.problem("KUBERNETES_AWAY", "no answer");
    expect(notices.slice(60)).toMatchObject([{ type: "POD_UNGUARDED" }, { type: "KUBERNETES_AWAY" }]);
  });

  it("keep back the same of another for a time alone", () => {
    const victim = pod("victim");
    flood();
    tell.once(victim, "POD_ANNOTATION_INVALID", "a slip");
    expect(names()).not.toContain("victim");
    now = 60_000;
    for (let i = 0; i < 3; i++) tell.later(victim);
    tell.once(victim, "POD_ANNOTATION_INVALID", "a slip");
    expect(names().filter((name) => name === "victim")).toHaveLength(1);
  });

  it("are all told in the end, each once", () => {
    for (flood(); now < 15 * 60_000; now += 10_000) for (const one of floods) tell.later(one);
    expect(notices).toHaveLength(500);
    expect(new Set(names()).size).toBe(500);
  });
});

it("what is not of one pod is counted where it is left out", () => {
  for (let i = 0; i < 70; i++) tell.problem("POD_RULES_REFUSED", "no");
  now = 60_000;
  tell.problem("POD_RULES_REFUSED", "no");
  expect(notices).toHaveLength(61);
  expect(notices[60]?.detail).toEqual({ reason: "no", leftOut: 10 });
});
