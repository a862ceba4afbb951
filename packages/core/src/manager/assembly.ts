/** Puts the parts of one credential together. Does no I/O. */
import { tryLease } from "../lease/acquire.ts";
import type { Lock } from "../lock/lock.ts";
import { storeFrom } from "../store.ts";
import type { Closing } from "../time/closing.ts";
import { Adoption } from "../fleet/adoption.ts";
import type { Context } from "../fleet/context.ts";
import { DocumentSource } from "../fleet/document-source.ts";
import { LocalCopy, type Goal, type LocalCopyListener } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { Ownership } from "../fleet/ownership.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import type { StoreHealthListener } from "../fleet/store-health.ts";
import { environmentView } from "../fleet/shared-per-store.ts";
import { LostRequestDetector } from "../fleet/lost-request.ts";
import type { OnBlocked } from "../leader/block-reason.ts";
import { OutcomeWriter } from "../leader/write-outcome.ts";
import { Probe } from "../leader/probe.ts";
import { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import { Demand } from "../refresh/demand.ts";
import type { RefreshDependencies } from "../refresh/dependencies.ts";
import { LazyWeakSet } from "../refresh/lazy-weak-set.ts";
import { refresh } from "../refresh/refresh.ts";
import type { CredentialOptions, Parent } from "../credential.ts";
import { Background } from "./background.ts";
import type { BackgroundDependencies } from "./dependencies.ts";
import { RefusalJudge } from "./refusal-judge.ts";
import { Replacement } from "./replacement.ts";
import { SingleFlight, type Refresher } from "./single-flight.ts";

/**
 * The node of one credential, with everything that refreshes it. It is one object with methods, not
 * a record of closures, because a process may hold a hundred thousand credentials.
 */
export class Assembly
  implements FleetNode, LocalCopyListener, StoreHealthListener, Refresher, BackgroundDependencies
{
  readonly context: Context;
  readonly storeClock: StoreClock;
  readonly local: LocalCopy;
  readonly adoption: Adoption;
  readonly lostRequests: LostRequestDetector;
  readonly source: DocumentSource;
  readonly outcomes: OutcomeWriter;
  readonly breaker: CircuitBreaker;
  readonly demand: Demand;
  readonly singleFlight: SingleFlight;
  readonly background: Background;
  readonly #known = new LazyWeakSet<object>();
  readonly #closing: Closing;
  readonly #lock: Lock;
  readonly #claims: Ownership;
  readonly #parent: Parent | undefined;
  readonly #standalone: RefreshDependencies["standalone"];
  #refusals: RefusalJudge | undefined;
  #replacement: Replacement | undefined;

  constructor(context: Context, options: CredentialOptions, closing: Closing) {
    const { clock, bus, environment, health } = context;
    const store = storeFrom(options);
    const cache = environmentView(store.cache, environment);
    this.context = context;
    this.#closing = closing;
    this.#lock = environmentView(store.lock, environment);
    this.#parent = options.parent;
    this.#standalone = options.standalone ?? "when-harmless";
    this.storeClock = new StoreClock(clock, bus);
    this.local = new LocalCopy(context, this.storeClock, this);
    this.adoption = new Adoption(this);
    this.lostRequests = new LostRequestDetector(
      clock,
      this.storeClock,
      context.parameters.fetchDeadlineMs,
    );
    this.outcomes = new OutcomeWriter(this);
    this.source = new DocumentSource(this, cache, options.role ?? "owner");
    this.breaker = new CircuitBreaker(this);
    this.demand = new Demand(this, options.keepAlive ?? false);
    this.#claims = new Ownership(context, this.storeClock, cache, onConflictOf(context, options));
    this.singleFlight = new SingleFlight(this, this, closing);
    this.background = new Background(this, this);
    health.reportTo(this);
  }

  /** One set for goals and errors, which are different objects. */
  get reportedGoals(): LazyWeakSet<Goal> {
    return this.#known;
  }

  get parentErrors(): LazyWeakSet<object> {
    return this.#known;
  }

  get probe(): Probe {
    return new Probe(this, this.#closing);
  }

  /** Made at the first refusal, like the replacement. */
  get refusals(): RefusalJudge {
    this.#refusals ??= new RefusalJudge(this, this.source, this.probe);
    return this.#refusals;
  }

  get replacement(): Replacement {
    this.#replacement ??= new Replacement(
      this,
      this.source,
      this.singleFlight,
      this.probe,
      this.#closing,
    );
    return this.#replacement;
  }

  /** Counts a caller that will wait, starts the background, and returns what serves the caller. */
  admitCaller(): SingleFlight {
    this.demand.use();
    this.background.start();
    return this.singleFlight;
  }

  refresh(goal: Goal, patient: boolean, onBlocked: OnBlocked): Promise<void> {
    const { breaker, demand, outcomes, parentErrors, probe, reportedGoals, source } = this;
    return this.#closing.during((closing) =>
      refresh(
        {
          node: this,
          source,
          lock: this.#lock,
          claims: this.#claims,
          outcomes,
          breaker,
          probe,
          reportedGoals,
          parentErrors,
          parent: this.#parent,
          standalone: this.#standalone,
          demand,
          closing,
        },
        goal,
        patient,
        onBlocked,
      ),
    );
  }

  onLocalChange(): void {
    this.background.rearm();
    this.singleFlight.wake();
  }

  /** Continues everything that waited for the store. */
  onStoreRecovered(): void {
    this.lostRequests.restart();
    this.outcomes.pending?.retryNow();
    this.background.retryNow();
  }

  /** Shows that the lock works, whether or not another node holds it. */
  async tryLease(): Promise<void> {
    const { clock, issuer, parameters, random } = this.context;
    const { leaseMs: ttlMs, storeDeadlineMs } = parameters;
    const lease = await tryLease(this.#lock, issuer.id, { ttlMs, storeDeadlineMs, clock, random });
    if (lease.acquired) await lease.release();
  }
}

/** An issuer that hands out the same credential again shares it between environments. */
function onConflictOf(
  { issuer: { policy } }: Context,
  { onConflict }: CredentialOptions,
): NonNullable<CredentialOptions["onConflict"]> {
  const isShared = policy.kind === "stable" || policy.kind === "sliding";
  return onConflict ?? (isShared ? "coexist" : "error");
}
