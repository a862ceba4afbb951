/**
 * `lingpai demo`: runs both scenes for every contender and both overlaps of the platform, and
 * checks the outcome.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "./pool.ts";
import { isAsPromised } from "./promise.ts";
import type { ContenderName, NodeSpec } from "./protocol.ts";
import { renderScene, renderVerdict } from "./render.ts";
import { herd, incident, type Measurement, type Outcome, type Deployment } from "./scenes.ts";

export interface DemoOptions {
  readonly isJson: boolean;
  readonly redisUrl: string | undefined;
  /**
   * Runs only the overlap that is worse for the fleet, and only the stable token beside the
   * reference.
   */
  readonly isQuick?: boolean;
}

const contenders: readonly ContenderName[] = [
  "cache per environment",
  "lingpai plain",
  "lingpai stable",
];
const quickContenders: readonly ContenderName[] = ["cache per environment", "lingpai stable"];
/** The two possible overlaps: a superseded token is dead at once, or usable for five minutes. */
const overlapsMs = [0, 300_000] as const;

interface Scene {
  readonly title: string;
  readonly story: string;
  readonly play: (deployment: Deployment) => Promise<readonly Outcome[]>;
}

const scenes: readonly Scene[] = [
  {
    title: "The incident",
    story:
      "Production has three nodes. A development instance with the same AppID merely starts, and six minutes pass.\nEach environment has a prefix of its own in one store.",
    play: async (deployment) => [await incident(deployment)],
  },
  {
    title: "The herd",
    story:
      "Four nodes with 25 callers each find no token at all; then, in another fleet, the token is killed from outside and all call at once.",
    play: async (deployment) => [await herd(deployment, false), await herd(deployment, true)],
  },
];

/** Returns the exit code: 1 if a figure differs from its promise. */
export async function runDemo({ isJson, isQuick, redisUrl }: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "lingpai-demo-"));
  const store: NodeSpec["store"] =
    redisUrl === undefined ? { sqliteFile: join(folder, "store.sqlite") } : { redisUrl };
  const outcomes: Outcome[] = [];
  const pool = new Pool();
  try {
    for (const { title, story, play } of scenes) {
      const played: Outcome[] = [];
      for (const contender of isQuick ? quickContenders : contenders) {
        for (const overlapMs of isQuick ? [0] : overlapsMs)
          played.push(...(await play({ pool, contender, overlapMs, store })));
      }
      outcomes.push(...played);
      if (!isJson) console.log(`${renderScene(title, story, played)}\n`);
    }
  } finally {
    await pool.stop();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(
    isJson ? JSON.stringify(outcomes.map(measurementOf), undefined, 2) : renderVerdict(outcomes),
  );
  return outcomes.every(isAsPromised) ? 0 : 1;
}

function measurementOf({
  scene,
  contender,
  overlapMs,
  nodes,
  callers,
  fetches,
  calls,
  failed,
  ms,
}: Outcome): Measurement {
  return { scene, contender, overlapMs, nodes, callers, fetches, calls, failed, ms };
}
