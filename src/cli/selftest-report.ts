// SPDX-License-Identifier: Apache-2.0
// The result of a selftest for people: one line a vector with its worst road, then what went wrong, then one sentence.

import { printable } from "../errors/index.js";
import {
  type Attacker,
  outcomeWords,
  type RoadResult,
  type SelftestOutcome,
  type SelftestResult,
  selftestOutcomes,
  type VectorResult,
} from "../selftest/index.js";
import { type Cell, paint, renderTable, type Style } from "./table.js";

const styles: Readonly<Record<SelftestOutcome, Style | undefined>> = {
  not_stopped: "red",
  inconclusive: "yellow",
  observed: "yellow",
  killed: "green",
  refused: "green",
  refused_by_kernel: "green",
  not_applicable: "dim",
};

/** Short words for the cells in which several outcomes stand side by side. */
const shortWords: Readonly<Record<SelftestOutcome, string>> = {
  ...outcomeWords,
  refused_by_kernel: "by the kernel",
  not_applicable: "n/a",
};

const word = (outcome: SelftestOutcome): Cell => ({ text: outcomeWords[outcome], style: styles[outcome] });

function counts(roads: readonly RoadResult[], who: Attacker): string {
  const mine = roads.filter(({ attacker }) => attacker === who);
  return selftestOutcomes
    .map((outcome) => ({ outcome, number: mine.filter((road) => road.outcome === outcome).length }))
    .filter(({ number }) => number > 0)
    .map(({ outcome, number }) => `${number} ${shortWords[outcome]}`)
    .join(", ");
}

const whereOf = ({ worst }: VectorResult): string =>
  worst === null ? "" : worst.attacker === null ? worst.road : `${worst.road} (${worst.attacker})`;

export function selftestLines(result: SelftestResult, color: boolean): string[] {
  const columns = [
    { title: "VECTOR" },
    { title: "OUTCOME" },
    { title: "ROOT" },
    { title: "NOBODY" },
    { title: "WORST ROAD" },
  ] as const;
  const rows = result.vectors.map((one) => [
    one.vector,
    word(one.outcome),
    counts(one.roads, "root"),
    counts(one.roads, "nobody"),
    whereOf(one),
  ]);
  return [...renderTable(columns, rows, { color }), "", ...remarks(result, color), conclusion(result, color)];
}

function remarks({ vectors, mode, eventsHeard, eventsLost, agent }: SelftestResult, color: boolean): string[] {
  const lines = vectors
    .filter(({ outcome }) => outcome === "not_stopped" || outcome === "inconclusive" || outcome === "not_applicable")
    .map((one) =>
      paint(
        `${one.vector}, ${whereOf(one)}: ${outcomeWords[one.outcome]}: ${printable(one.reason, 300)}`,
        styles[one.outcome],
        color,
      ),
    );
  if (mode === "detect")
    lines.push(paint("The agent is in detect mode: it reports attacks and stops none.", "yellow", color));
  if (!agent.ready) lines.push(paint(`The agent is not ready: ${printable(agent.notReady[0] ?? "")}`, "red", color));
  if (!eventsHeard) lines.push(paint("No attack on the canary made an event: the guards do not act.", "red", color));
  else if (eventsLost)
    lines.push(paint("Events were lost meanwhile; what that left open was tried again.", "yellow", color));
  return lines;
}

function conclusion({ vectors, kernel, form, mode, exitStatus }: SelftestResult, color: boolean): string {
  const sums = selftestOutcomes
    .map((outcome) => ({ outcome, number: vectors.filter((one) => one.outcome === outcome).length }))
    .filter(({ number }) => number > 0)
    .map(({ outcome, number }) => `${number} ${outcomeWords[outcome]}`);
  const [release] = kernel.split(" ");
  const text = `${vectors.length} vectors on ${printable(release ?? "")}, ${printable(form)} form, ${printable(mode)} mode: ${sums.join(", ")}.`;
  return paint(text, exitStatus === 0 ? "green" : "red", color);
}
