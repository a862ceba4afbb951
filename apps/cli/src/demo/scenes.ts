/** The two scenes of the demo. Their figures come from the platform's log. */
import { systemClock, systemRandom, type Clock } from "@lingpai/core";
import { createSimulator, type LogEntry, type Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Member, Pool } from "./pool.ts";
import type { ContenderName, NodeSpec, Report } from "./protocol.ts";

/** One row of the demo's table. */
export interface Measurement {
  readonly scene: "incident" | "herd, cold" | "herd, killed";
  readonly contender: ContenderName;
  readonly overlapMs: number;
  readonly nodes: number;
  readonly callers: number;
  /**
   * The fleet's requests for a token in the platform's log, without those of the foreign process.
   */
  readonly fetches: number;
  readonly calls: number;
  readonly failed: number;
  readonly ms: number;
}

export interface Outcome extends Measurement {
  /** The promised figure. The demo fails if the result differs. */
  readonly promisedFetches: number;
  readonly failures: readonly string[];
  readonly timeline: readonly Moment[];
}

/** A fetch in the platform's log, with the reason that the process reports. */
export interface Moment {
  readonly atMs: number;
  readonly who: string;
  readonly tokenId: string;
  readonly why: string;
}

export interface Deployment {
  readonly pool: Pool;
  readonly contender: ContenderName;
  readonly overlapMs: number;
  readonly store: NodeSpec["store"];
}

const secret = "0123456789abcdef0123456789abcdef";
const killer = "another environment";

/**
 * Production is running, and a development instance with the same AppID starts. Six minutes later
 * the old token is dead under either overlap.
 */
export async function incident(deployment: Deployment): Promise<Outcome> {
  return play(deployment, async (platform) => {
    const nodes = await platform.enter("production", 3);
    await nodes[0]?.boot();
    const load = (): Promise<Report>[] =>
      nodes.map((node) => node.call({ callers: 5, rounds: 4, paceMs: 50 }));
    const before = load();
    const [development] = await platform.enter("development", 1);
    const booted = await development?.boot();
    if (booted?.failed)
      throw new Error(`The development instance could not start: ${booted.failures.join(", ")}.`);
    const reports = await Promise.all(before);
    platform.skip(6 * 60_000);
    reports.push(...(await Promise.all(load())));
    // Each environment that fetches starts cold once. With the plain token, development uses
    // production's.
    return {
      scene: "incident",
      nodes: 4,
      callers: 15,
      reports,
      promisedFetches: deployment.contender === "lingpai stable" ? 2 : 1,
    };
  });
}

/** Four nodes with 25 callers each find no token, or find that theirs was killed from outside. */
export async function herd(deployment: Deployment, isKilled: boolean): Promise<Outcome> {
  return play(deployment, async (platform) => {
    const nodes = await platform.enter("production", 4);
    if (isKilled) {
      for (const node of nodes) await node.boot();
      platform.startCounting();
      platform.simulator.operator.kill(platform.appId, {
        kind: deployment.contender === "lingpai stable" ? "stable" : "plain",
        caller: killer,
      });
    }
    const reports = await Promise.all(
      nodes.map((node) => node.call({ callers: 25, rounds: 1, paceMs: 0 })),
    );
    return {
      scene: isKilled ? "herd, killed" : "herd, cold",
      nodes: 4,
      callers: 100,
      reports,
      promisedFetches: 1,
    };
  });
}

interface Played {
  readonly scene: Measurement["scene"];
  readonly nodes: number;
  readonly callers: number;
  readonly reports: readonly Report[];
  readonly promisedFetches: number;
}

interface Platform {
  readonly simulator: Simulator;
  readonly appId: string;
  enter(environment: NodeSpec["environment"], count: number): Promise<Member[]>;
  /** The requests before this were only the set-up. */
  startCounting(): void;
  /** Lets time pass on the platform. */
  skip(ms: number): void;
}

async function play(
  deployment: Deployment,
  scene: (platform: Platform) => Promise<Played>,
): Promise<Outcome> {
  let skippedMs = 0;
  const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + skippedMs };
  // Each run has an AppID of its own, because the store remembers the claims of earlier runs.
  const appId = `wx${Buffer.from(systemRandom.id(), "base64url").toString("hex").slice(0, 16)}`;
  const simulator = createSimulator({
    accounts: [{ appId, secret }],
    overlapMs: deployment.overlapMs,
    latencyMs: [60, 180],
    clock,
  });
  const server = await listen(simulator);
  try {
    return await playOn(
      { simulator, appId, skip: (ms) => void (skippedMs += ms) },
      server.url,
      deployment,
      scene,
    );
  } finally {
    await server.close();
  }
}

async function playOn(
  ground: Pick<Platform, "simulator" | "appId" | "skip">,
  platformUrl: string,
  { contender, overlapMs, pool, store }: Deployment,
  scene: (platform: Platform) => Promise<Played>,
): Promise<Outcome> {
  const { appId, simulator } = ground;
  const members = new Set<Member>();
  const reasons = new Map<string, readonly string[]>();
  let begun = { seq: 0, atMs: systemClock.monotonicMs() };

  const enter: Platform["enter"] = async (environment, count) => {
    const entered: Member[] = [];
    for (let index = 1; index <= count; index += 1) {
      const node = `${environment}-${index}`;
      const joined = await pool.join({
        contender,
        environment,
        node,
        platformUrl,
        appId,
        secret,
        overlapMs,
        store,
      });
      const noted = async (report: Promise<Report>): Promise<Report> => {
        const made = await report;
        reasons.set(node, made.reasons);
        return made;
      };
      const member: Member = {
        boot: () => noted(joined.boot()),
        call: (load) => noted(joined.call(load)),
        leave: () => (members.delete(member), joined.leave()),
      };
      members.add(member);
      entered.push(member);
    }
    return entered;
  };
  const startCounting = (): void => {
    begun = { seq: simulator.log.seq, atMs: systemClock.monotonicMs() };
  };

  const { reports, promisedFetches, ...played } = await scene({ ...ground, enter, startCounting });
  const ms = Math.round(systemClock.monotonicMs() - begun.atMs);
  await Promise.all([...members].map((member) => member.leave()));
  const fetches = simulator.log.entries({ kind: "issue", appId });
  return {
    ...played,
    contender,
    overlapMs,
    fetches: fetches.filter(({ caller, seq }) => caller !== killer && seq > begun.seq).length,
    calls: sum(reports.map(({ calls }) => calls)),
    failed: sum(reports.map(({ failed }) => failed)),
    ms,
    promisedFetches,
    failures: [...new Set(reports.flatMap(({ failures }) => failures))],
    timeline: timelineOf(fetches, reasons),
  };
}

/**
 * Joins the platform's log with the processes' reports: the n-th fetch of a node has its n-th
 * reason.
 */
function timelineOf(
  fetches: readonly LogEntry[],
  reasons: ReadonlyMap<string, readonly string[]>,
): readonly Moment[] {
  const seen = new Map<string, number>();
  const startMs = fetches[0]?.atMs ?? 0;
  return fetches.map(({ atMs, caller, reason, tokenId }) => {
    const nth = seen.get(caller) ?? 0;
    seen.set(caller, nth + 1);
    const why = caller === killer ? "fetched for itself" : (reasons.get(caller)?.[nth] ?? "");
    return {
      atMs: atMs - startMs,
      who: caller,
      tokenId: tokenId ?? "-",
      why: reason === "same" ? `${why} (got the same one)` : why,
    };
  });
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0);
