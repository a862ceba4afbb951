/** Puts the parts of one credential together. Does no I/O. */
import { ConfigurationError } from "../errors.ts";
import { tryLease } from "../lease/acquire.ts";
import type { Lock } from "../lock/lock.ts";
import { storeFrom } from "../store.ts";
import type { Closing } from "../time/closing.ts";
import { Adoption } from "../fleet/adoption.ts";
import type { Context } from "../fleet/context.ts";
import { DocumentSource, type Role } from "../fleet/document-source.ts";
import { LocalCopy } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { Ownership } from "../fleet/ownership.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import { environmentOf } from "../fleet/sharing.ts";
import { LostRequestDetector } from "../fleet/lost-request.ts";
import { OutcomeWriter } from "../leader/write-outcome.ts";
import { Probe } from "../leader/probe.ts";
import { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import { Demand } from "../refresh/demand.ts";
import type { RefreshDependencies } from "../refresh/dependencies.ts";
import { Noted } from "../refresh/noted.ts";
import { refresh } from "../refresh/refresh.ts";
import type { CredentialOptions } from "../credential.ts";
import { Background } from "./background.ts";
import { RefusalJudge } from "./refusal-judge.ts";
import { RemoteRefusals } from "./remote-refusals.ts";
import { Replacement } from "./replacement.ts";
import { SingleFlight } from "./single-flight.ts";

export interface Assembly {
  readonly node: FleetNode;
  readonly source: DocumentSource;
  readonly outcomes: OutcomeWriter;
  readonly breaker: CircuitBreaker;
  readonly probe: Probe;
  readonly demand: Demand;
  readonly refusals: RefusalJudge;
  readonly singleFlight: SingleFlight;
  readonly replacement: Replacement;
  readonly background: Background;
}

export function assemble(context: Context, options: CredentialOptions, closing: Closing): Assembly {
  const node = nodeOf(context, () => {
    background.rearm();
    singleFlight.wake();
  });
  const store = storeFrom(options);
  const cache = environmentOf(store.cache, context.environment);
  const lock = environmentOf(store.lock, context.environment);
  const outcomes = new OutcomeWriter(node);
  const source = new DocumentSource(node, cache, roleFrom(options.role), () => {
    // Everything that waited for the store continues now.
    node.lostRequests.restart();
    outcomes.pending.retryNow();
    background.retryNow();
  });
  const breaker = new CircuitBreaker(context, node.storeClock, node.local);
  const probe = new Probe(node, closing);
  const refusals = new RefusalJudge(node, source, probe);
  context.health.tryLease = () => tryLeaseOnce(context, lock);
  const demand = new Demand(node, options.keepAlive ?? false);
  const dependencies: Omit<RefreshDependencies, "closing"> = {
    node,
    source,
    lock,
    claims: new Ownership(context, node.storeClock, cache, onConflictOf(context, options)),
    outcomes,
    breaker,
    probe,
    reportedGoals: new Noted(),
    parentErrors: new Noted(),
    parent: options.parent,
    standalone: options.standalone ?? "when-harmless",
    demand,
  };
  const singleFlight = new SingleFlight(
    node,
    (goal, patient, onBlocked) =>
      closing.during((signal) =>
        refresh({ ...dependencies, closing: signal }, goal, patient, onBlocked),
      ),
    closing,
  );
  const replacement = new Replacement(node, source, singleFlight, probe, closing);
  const others = new RemoteRefusals(node, refusals);
  const isParents = (error: Error): boolean => dependencies.parentErrors.has(error);
  const background = new Background(node, source, singleFlight, breaker, others, demand, isParents);
  return {
    node,
    source,
    outcomes,
    breaker,
    probe,
    demand,
    refusals,
    singleFlight,
    replacement,
    background,
  };
}

function nodeOf(context: Context, onChange: () => void): FleetNode {
  const { clock, bus } = context;
  const storeClock = new StoreClock(clock, bus);
  const local = new LocalCopy(context, storeClock, onChange);
  const adoption = new Adoption(context, storeClock, local);
  return { context, storeClock, local, adoption, lostRequests: new LostRequestDetector(clock) };
}

/** An issuer that hands out the same credential again shares it between environments. */
function onConflictOf(
  { issuer: { policy } }: Context,
  { onConflict }: CredentialOptions,
): NonNullable<CredentialOptions["onConflict"]> {
  const isShared = policy.kind === "stable" || policy.kind === "sliding";
  return onConflict ?? (isShared ? "coexist" : "error");
}

/** Shows that the lock works, whether or not another node holds it. */
async function tryLeaseOnce(
  { clock, issuer, parameters, random }: Context,
  lock: Lock,
): Promise<void> {
  const { leaseMs: ttlMs, storeDeadlineMs } = parameters;
  const lease = await tryLease(lock, issuer.id, { ttlMs, storeDeadlineMs, clock, random });
  if (lease.acquired) await lease.release();
}

function roleFrom(role: unknown): Role {
  if (role === undefined || role === "owner") return "owner";
  if (role === "consumer") return "consumer";
  throw new ConfigurationError(`role must be "owner" or "consumer", not ${JSON.stringify(role)}.`);
}
