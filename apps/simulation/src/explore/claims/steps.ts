/** The next situations of two environments that claim one credential. */
import { noClaims, type ClaimVerdict, type Renewal } from "@lingpai/core/internal/claims";
import { worldSteps } from "./faults.ts";
import { lapsed, misjudged } from "./invariants.ts";
import {
  claimantOf,
  freshClaimProcess,
  names,
  tickMs,
  type ClaimModel,
  type ClaimWorld,
} from "./model.ts";
import {
  asRemembered,
  claimOf,
  factsOf,
  isAlive,
  newVersion,
  readable,
  reduced,
  rememberedBy,
  withEnvironment,
  withProcess,
  type ClaimSuccessor,
} from "./situation.ts";

/** Lists the next situations, always in the same order. */
export function claimSuccessors(model: ClaimModel, world: ClaimWorld): ClaimSuccessor[] {
  const all = [
    ...world.processes.flatMap((_, index) => processSteps(model, world, index)),
    ...worldSteps(world),
  ];
  return all.map((each) => ({ ...each, broken: each.broken ?? lapsed(each.world) }));
}

function processSteps(model: ClaimModel, world: ClaimWorld, index: number): ClaimSuccessor[] {
  const process = world.processes[index]!;
  const who = `${names[process.environment]} ${index + 1}`;
  const steps: ClaimSuccessor[] = [];
  if (process.role === "consumer") {
    const again = recheck(model, world, index);
    if (again !== undefined) steps.push({ ...again, step: `${who}, a consumer, ${again.step}` });
  } else if (process.reading !== undefined) steps.push(decide(model, world, index, who));
  else if (!process.mayFetch || process.mustExtend) {
    if (process.isNew) steps.push(claimFirst(model, world, index, who));
    const reading = { registry: readable(world), version: world.version, nowMs: world.nowMs };
    const reads = { ...process, isNew: false, reading };
    steps.push({ step: `${who} reads the claims.`, world: withProcess(world, index, reads) });
  } else if (world.left.fetches > 0) steps.push(fetch(model, world, index, who));
  if (world.left.restarts > 0 && !process.isNew) {
    const restarted = withProcess(world, index, freshClaimProcess(process.environment));
    steps.push({ step: `${who} restarts without memory.`, world: reduced(restarted, "restarts") });
  }
  return steps;
}

/** Claims without reading first, as a process does that knows of no credential. */
function claimFirst(model: ClaimModel, world: ClaimWorld, index: number, who: string) {
  const { protocol } = model;
  const process = world.processes[index]!;
  const facts = { registry: noClaims, coveredMs: 0, nowMs: world.nowMs };
  const renewal = protocol.first(claimantOf(model, process), facts);
  const known = { ...world, processes: world.processes.with(index, { ...process, isNew: false }) };
  return {
    step: `${who} claims without reading.`,
    world: written(model, known, index, renewal, 0) ?? known,
  };
}

function decide(model: ClaimModel, world: ClaimWorld, index: number, who: string): ClaimSuccessor {
  const process = world.processes[index]!;
  const reading = process.reading!;
  const credential = world.environments[process.environment].credential;
  const { coveredMs } = process;
  const facts = { ...reading, remembered: rememberedBy(model, process), credential, coveredMs };
  const { conflict, verdict } = model.protocol.decide(claimantOf(model, process), facts);
  const decided = { ...process, reading: undefined, remembered: facts.remembered };
  const reported = {
    ...withProcess(world, index, decided),
    isReported: world.isReported || conflict !== undefined,
  };
  const broken = misjudged(model, world, process, facts, verdict);
  const step = `${who} decides: ${describe(verdict)}.`;
  if (verdict.kind === "consume")
    return {
      step,
      world: withProcess(reported, index, { ...decided, role: "consumer", mayFetch: false }),
      broken,
    };
  if (verdict.kind !== "own") return { step, world: reported, broken };
  const stands = withProcess(reported, index, { ...decided, mayFetch: true, mustExtend: false });
  return {
    step,
    world:
      verdict.renewal === undefined
        ? stands
        : (written(model, reported, index, verdict.renewal, reading.version) ?? reported),
    broken,
  };
}

/** Stores the registry. Undefined: another process was faster. */
function written(
  model: ClaimModel,
  world: ClaimWorld,
  index: number,
  { own, registry }: Renewal,
  version: number,
): ClaimWorld | undefined {
  if (model.protocol.compares && world.version !== version) return undefined;
  const process = world.processes[index]!;
  const before = world.environments[process.environment];
  const environment = { ...before, rank: before.rank ?? world.ranks, isLost: false };
  const stored = withProcess(world, index, {
    ...process,
    remembered: asRemembered(own),
    mayFetch: true,
    mustExtend: false,
  });
  return {
    ...withEnvironment(stored, process.environment, environment),
    registry,
    ...newVersion(world),
    ranks: world.ranks + 1,
    nowMs: world.nowMs + 1,
  };
}

function fetch(model: ClaimModel, world: ClaimWorld, index: number, who: string): ClaimSuccessor {
  const { announcedMs, isPlain, livesMs } = model.bounds;
  const process = world.processes[index]!;
  const { environment } = process;
  const { nowMs } = world;
  const by = { node: "n", environment: names[environment], reason: "advisory" };
  const credential = { sentAtMs: nowMs, expiresAtMs: nowMs + livesMs, by };
  const coveredMs = Math.max(process.coveredMs, credential.expiresAtMs);
  const mustExtend = coveredMs > nowMs + Math.max(3 * tickMs, announcedMs);
  const next = withProcess(world, index, { ...process, coveredMs, mustExtend });
  const before = world.environments[environment];
  const other = world.environments[1 - environment]!;
  const bothStored = names.every((name) => claimOf(world, name) !== undefined);
  const isWar = isPlain && bothStored && isAlive(other, nowMs) && !world.isReported;
  return {
    step: `${who} fetches.`,
    world: {
      ...withEnvironment(reduced(next, "fetches"), environment, { ...before, credential }),
      nowMs: nowMs + 1,
    },
    broken: isWar ? "C4: two owners fetch, and nobody has reported the conflict" : undefined,
  };
}

/** A consumer checks whether it may fetch for itself. */
function recheck(model: ClaimModel, world: ClaimWorld, index: number): ClaimSuccessor | undefined {
  const process = world.processes[index]!;
  const facts = factsOf(model, world, process);
  const found = model.protocol.again(claimantOf(model, process), facts);
  if (found === undefined) return undefined;
  const other = names[1 - process.environment]!;
  const holds = claimOf(world, other) !== undefined;
  if (found !== "gone")
    return {
      step: "still yields.",
      world,
      broken: holds ? undefined : "C5: a consumer yields to an environment that claims nothing",
    };
  const ranks = world.environments.map(({ rank }) => rank);
  const [own, first] = [ranks[process.environment], ranks[1 - process.environment]];
  const isLater = holds && first !== undefined && (own === undefined || first < own);
  return {
    step: "owns from now on.",
    world: withProcess(world, index, { ...process, role: "owner", remembered: facts.remembered }),
    broken: isLater ? "C5: a consumer fetches although the first claim holds" : undefined,
  };
}

function describe(verdict: ClaimVerdict): string {
  if (verdict.kind === "own")
    return verdict.renewal === undefined ? "its claim is fresh" : "it claims";
  if (verdict.kind === "unreadable") return "the claims cannot be read";
  return `${verdict.kind === "consume" ? "it consumes" : "it is refused by"} ${verdict.by.environment}`;
}
