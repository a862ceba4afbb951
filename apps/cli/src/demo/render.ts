/** Renders the demo's result as text for people. */
import Table from "cli-table3";
import colors from "picocolors";
import { isAsPromised, isOurs } from "./promise.ts";
import type { Moment, Outcome } from "./scenes.ts";

const momentsMax = 8;

export function renderScene(title: string, story: string, outcomes: readonly Outcome[]): string {
  const table = new Table({
    head: ["scene", "contender", "old token works for", "token fetches", "calls", "failed", "ms"],
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
  });
  for (const outcome of outcomes)
    table.push([
      outcome.scene,
      outcome.contender,
      overlapText(outcome.overlapMs),
      outcome.fetches,
      outcome.calls,
      failedText(outcome),
      outcome.ms,
    ]);
  const timelines = outcomes.filter(({ overlapMs }) => overlapMs === 0).map(renderTimeline);
  return [`${colors.bold(title)}\n${story}`, table.toString(), ...timelines].join("\n\n");
}

export function renderVerdict(outcomes: readonly Outcome[]): string {
  const broken = outcomes.filter((outcome) => !isAsPromised(outcome));
  if (broken.length > 0) {
    const lines = broken.map(
      ({ scene, contender, overlapMs, fetches, promisedFetches, failed }) =>
        `  ${scene}, ${contender}, ${overlapText(overlapMs)}: ${fetches} fetches (promised ${promisedFetches}), ${failed} failed (promised 0)`,
    );
    return colors.red(`Not as promised:\n${lines.join("\n")}`);
  }
  const ours = outcomes.filter(isOurs);
  const calls = ours.reduce((total, { calls }) => total + calls, 0);
  return colors.green(
    `With Lingpai: ${calls} calls, 0 failed, one fetch for each cold start and one for each kill.`,
  );
}

function renderTimeline({ scene, contender, timeline, failures }: Outcome): string {
  const shown = timeline.slice(0, momentsMax).map((moment) => `  ${renderMoment(moment)}`);
  const left = timeline.length - shown.length;
  const more = left > 0 ? [`  … and ${left} more fetches`] : [];
  const end =
    failures.length > 0 ? [colors.red(`  then calls failed with ${failures.join(", ")}`)] : [];
  return [
    `${colors.bold(`${scene}, ${contender}`)}: who fetched which token, when and why`,
    ...shown,
    ...more,
    ...end,
  ].join("\n");
}

function renderMoment({ atMs, who, tokenId, why }: Moment): string {
  return `${`+${atMs} ms`.padStart(9)}  ${who.padEnd(20)} ${tokenId.padEnd(4)} ${why}`;
}

function failedText(outcome: Outcome): string {
  const text = String(outcome.failed);
  return outcome.failed === 0 ? colors.green(text) : colors.red(text);
}

function overlapText(overlapMs: number): string {
  return overlapMs === 0 ? "0 s" : `${overlapMs / 1000} s`;
}
