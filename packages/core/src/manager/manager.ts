/** The credential as a consumer holds it: the parts put together. */
import { ClosedError, ConfigurationError } from "../errors.ts";
import type { EventListener } from "../events/event-bus.ts";
import type { CredentialOrigin, Issued } from "../issuer.ts";
import { tryLease } from "../lease/acquire.ts";
import type { Lock } from "../lock/lock.ts";
import type { Secret } from "../secret.ts";
import { storeFrom } from "../store.ts";
import { Adoption } from "../fleet/adoption.ts";
import { bounded } from "../time/wait.ts";
import { Ownership } from "../fleet/ownership.ts";
import { Complaints } from "./complaints.ts";
import { Demand } from "../refresh/demand.ts";
import type { FleetNode } from "../fleet/node.ts";
import { SingleFlight, use } from "./single-flight.ts";
import type { RefreshDependencies } from "../refresh/dependencies.ts";
import { refresh } from "../refresh/refresh.ts";
import { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import { LocalCopy, type Goal } from "../fleet/local-copy.ts";
import { OthersComplaints } from "./others-complaints.ts";
import { Probe } from "../leader/probe.ts";
import { OutcomeWriter } from "../leader/outcome.ts";
import { Replacement } from "./replacement.ts";
import { refuseRecursion } from "../leader/issuer-call.ts";
import { seed } from "../refresh/seed.ts";
import { contextFrom, type Context } from "../fleet/context.ts";
import { DocumentSource, type Role } from "../fleet/document-source.ts";
import { statusOf } from "./status.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import { Takeover } from "../fleet/takeover.ts";
import type {
  CallOptions,
  Checked,
  Credential,
  CredentialOptions,
  CredentialStatus,
  ObservedQuota,
  RejectOptions,
  Rejection,
  SeedOptions,
} from "../credential.ts";
import { Background } from "./background.ts";

/**
 * Keeps one live credential for all nodes of one environment. Constructing it does no I/O.
 *
 * @throws {ConfigurationError} an option is wrong; the text names the rule and a setting that would
 *   satisfy it.
 */
export function credential(options: CredentialOptions): Credential {
  return new ManagedCredential(contextFrom(options), options);
}

class ManagedCredential implements Credential {
  readonly id: string;
  readonly origin: CredentialOrigin | undefined;
  readonly environment: string;
  readonly #context: Context;
  /** The monotonic clock, at hand for the hot path. */
  readonly #nowMs: () => number;
  readonly #node: FleetNode;
  readonly #local: LocalCopy;
  readonly #source: DocumentSource;
  readonly #outcomes: OutcomeWriter;
  readonly #singleFlight: SingleFlight;
  readonly #background: Background;
  readonly #demand: Demand;
  readonly #breaker: CircuitBreaker;
  readonly #probe: Probe;
  readonly #complaints: Complaints;
  readonly #replacement: Replacement;
  readonly #closing: AbortController = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(context: Context, options: CredentialOptions) {
    const { issuer, environment, bus, clock } = context;
    this.id = issuer.id;
    this.origin = issuer.origin;
    this.environment = environment;
    this.#context = context;
    this.#nowMs = () => clock.monotonicMs();
    const storeClock = new StoreClock(clock, bus);
    this.#local = new LocalCopy(context, storeClock, () => {
      this.#background.rearm();
      this.#singleFlight.wake();
    });
    const adoption = new Adoption(context, storeClock, this.#local);
    this.#node = {
      context,
      storeClock,
      local: this.#local,
      adoption,
      takeover: new Takeover(clock),
    };
    const store = storeFrom(options);
    const cache = store.cache.withPrefix(environment);
    this.#source = new DocumentSource(this.#node, cache, roleFrom(options.role), () =>
      this.#onStoreRecovered(),
    );
    this.#outcomes = new OutcomeWriter(this.#node);
    this.#breaker = new CircuitBreaker(context, storeClock, this.#local);
    this.#probe = new Probe(this.#node, this.#closing.signal);
    this.#complaints = new Complaints(this.#node, this.#source, this.#probe);
    const sharesPlatform = issuer.policy.kind === "stable" || issuer.policy.kind === "sliding";
    const lock = store.lock.withPrefix(environment);
    context.health.tryLease = () => tryLeaseOnce(context, lock);
    this.#demand = new Demand(this.#node, options.keepAlive ?? false);
    const dependencies: RefreshDependencies = {
      node: this.#node,
      source: this.#source,
      lock,
      claims: new Ownership(
        context,
        storeClock,
        cache,
        options.onConflict ?? (sharesPlatform ? "coexist" : "error"),
      ),
      outcomes: this.#outcomes,
      breaker: this.#breaker,
      probe: this.#probe,
      notified: new WeakSet(),
      parent: options.parent,
      standalone: options.standalone ?? "when-harmless",
      demand: this.#demand,
      closing: this.#closing.signal,
    };
    this.#singleFlight = new SingleFlight(
      this.#node,
      (goal, patient, onBlocked) => refresh(dependencies, goal, patient, onBlocked),
      this.#closing.signal,
    );
    this.#replacement = new Replacement(
      this.#node,
      this.#source,
      this.#singleFlight,
      this.#probe,
      this.#closing.signal,
    );
    const others = new OthersComplaints(this.#node, this.#complaints);
    this.#background = new Background(
      this.#node,
      this.#source,
      this.#singleFlight,
      this.#breaker,
      others,
      this.#demand,
    );
  }

  peek(): Secret | undefined {
    const { cached } = this.#local;
    return cached !== undefined && this.#nowMs() < cached.hardUntilMs ? use(cached) : undefined;
  }

  get(options?: CallOptions): Promise<Secret> {
    const { cached } = this.#local;
    if (
      cached === undefined ||
      this.#nowMs() >= cached.hardUntilMs ||
      options?.signal?.aborted === true
    )
      return this.#slowGet(options);
    cached.uses += 1;
    return cached.promise;
  }

  async reject(refused: Secret | string, options: RejectOptions = {}): Promise<Rejection> {
    this.#open(options.signal);
    const { bus, fingerprintOf } = this.#context;
    const fingerprint = typeof refused === "string" ? fingerprintOf(refused) : refused.fingerprint;
    const { cached } = this.#local;
    const isCurrent = cached?.stored.fingerprint === fingerprint;
    const verdict = isCurrent
      ? "current"
      : this.#local.wasReplaced(fingerprint) || this.#local.wasRefused(fingerprint)
        ? "replaced"
        : "unknown";
    const life = isCurrent ? this.#lifeOf(cached.stored) : undefined;
    bus.emit("rejected", {
      fingerprint,
      verdict,
      platformCode: options.platformCode,
      ...life,
      ...(isCurrent && { generation: cached.stored.generation }),
    });
    const reportedAtMs = this.#node.storeClock.nowMs();
    // Whether a stranger's text is the fleet's present one, the store knows.
    if (verdict === "unknown" && !this.#local.isUsable)
      await this.#ensure({ reason: "cold" }, options.signal);
    const present = this.#local.isUsable ? this.#local.cached : undefined;
    const isPresent = present?.stored.fingerprint === fingerprint;
    const goal = isPresent
      ? await this.#complaints.judged(present, options)
      : ({
          reason: "rejected",
          refused: fingerprint,
          isDead: this.#local.wasRefused(fingerprint),
        } as const);
    if (typeof goal === "string") return { replaced: false };
    this.#background.start();
    return this.#replacement.for(goal, reportedAtMs, options.signal);
  }

  async check(options: CallOptions = {}): Promise<Checked> {
    const secret = await this.get(options);
    const found = await this.#probe.verdict(secret, options.signal);
    if (found !== "dead") return found;
    this.#background.start();
    return this.#replacement.forDead(secret.fingerprint, options.signal);
  }

  async refresh(options: CallOptions = {}): Promise<Secret> {
    this.#open(options.signal);
    this.#requireOwner("refreshes");
    this.#breaker.reset();
    // What is to be replaced is what the store holds now; or what this node holds, where it knows
    // better than the store.
    const snapshot = await this.#untilClosed(this.#source.read(), options.signal);
    const replaces = this.#local.cached?.stored.commitId ?? snapshot.state?.credential?.commitId;
    return this.#ensure({ reason: "manual", replaces }, options.signal);
  }

  async seed(issued: Issued, options: SeedOptions = {}): Promise<Secret> {
    this.#open(options.signal);
    this.#requireOwner("seeds");
    await this.#untilClosed(seed(this.#node, this.#source, issued, options.ageMs), options.signal);
    this.#breaker.reset();
    return this.#ensure({ reason: "cold" }, options.signal);
  }

  async useFallback(on: boolean, options: CallOptions = {}): Promise<Secret> {
    this.#open(options.signal);
    this.#requireOwner("switches");
    const { bus, fallback, issuer } = this.#context;
    if (fallback === undefined)
      throw new ConfigurationError(`The issuer of "${this.id}" has no fallback.`);
    const to = on ? "fallback" : "own";
    const applied = await this.#untilClosed(
      this.#source.document.apply({ type: "switch", to }),
      options.signal,
    );
    const state = applied?.snapshot.state;
    if (state === undefined || applied?.verdict.kind === "kept") return this.get(options);
    this.#local.note(state);
    bus.emit("switched", { to, cause: "operator", issuer: on ? fallback.issuer.id : issuer.id });
    return this.#ensure(
      { reason: "expired", replaces: state.credential?.commitId },
      options.signal,
    );
  }

  async reconcileQuota({ used, remaining }: ObservedQuota): Promise<void> {
    this.#open(undefined);
    this.#requireOwner("counts");
    const applied = await this.#untilClosed(
      this.#source.document.apply({ type: "ledger", used, remaining }),
    );
    if (applied?.snapshot.state !== undefined) this.#local.note(applied.snapshot.state);
  }

  status(): CredentialStatus {
    return statusOf(this.#node, this.#source, this.#closed !== undefined);
  }

  watch(listener: EventListener): () => void {
    return this.#context.bus.subscribe(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#background.stop();
    this.#closing.abort(new ClosedError(`The credential "${this.id}"`));
    await this.#singleFlight.settled();
    await this.#outcomes.pending.close();
    this.#source.feed.close();
    const { uses } = this.#local;
    this.#local.close();
    this.#context.bus.emit("closed", { uses });
    // What comes back later, a reading say, has nobody to tell.
    this.#context.bus.close();
  }

  async #slowGet(options: CallOptions = {}): Promise<Secret> {
    this.#open(options.signal);
    const { cached } = this.#local;
    return this.#ensure(
      cached === undefined
        ? { reason: "cold" }
        : { reason: "expired", replaces: cached.stored.commitId },
      options.signal,
    );
  }

  #requireOwner(act: string): void {
    if (this.#source.role === "consumer")
      throw new ConfigurationError(
        `This node consumes "${this.id}" and never ${act} it. Do that on an owner.`,
      );
  }

  #ensure(goal: Goal, signal: AbortSignal | undefined): Promise<Secret> {
    this.#demand.use();
    this.#background.start();
    return this.#singleFlight.ensure(goal, signal);
  }

  #untilClosed<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return bounded(work, { signals: [signal, this.#closing.signal] });
  }

  #open(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    refuseRecursion(this.id);
  }

  /** What waited for the store goes on now; nothing waits for a time of its own. */
  #onStoreRecovered(): void {
    this.#node.takeover.restart();
    this.#outcomes.pending.hurry();
    this.#background.hurry();
  }

  #lifeOf(stored: { readonly issuedAtMs: number; readonly expiresAtMs: number }): {
    ageMs: number;
    remainingMs: number;
  } {
    const nowMs = this.#node.storeClock.nowMs();
    return { ageMs: nowMs - stored.issuedAtMs, remainingMs: stored.expiresAtMs - nowMs };
  }
}

/** Whether the lock works; somebody else may hold it. */
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
