/**
 * What happens by itself once a credential is in use: reading again, refreshing ahead, reconciling.
 * One timer, in the background.
 */
import { overlapOf } from "../parameters.ts";
import type { CancelTimer } from "../time/time.ts";
import { isCalm, isDead, owedSinceMs } from "../state/state.ts";
import {
  dueTask,
  retryMs,
  retrySpreadMs,
  sleepMs,
  steppedMs,
  toldRecheckMs,
  type DueTerms,
} from "./due.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { SingleFlight } from "./single-flight.ts";
import type { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import type { Goal, CachedCredential } from "../fleet/local-copy.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import type { OthersComplaints } from "./others-complaints.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import { staleReasonOf, reportStale, type FailedAttempt, type StaleReason } from "./stale-cause.ts";
import type { Demand } from "../refresh/demand.ts";
import { electedStart } from "../fleet/windows.ts";

const youthMs = 30_000;
/**
 * Over how long the nodes spread the start of a reconciling refresh. Any earlier it would kill what
 * nodes without news still send.
 */
const reconcileSpreadMs = 40_000;
/**
 * After the first use: by then its callers are served, or the request is under way and there is
 * nothing else to do.
 */
const followAfterMs = 100;

export class Background {
  readonly #node: FleetNode;
  readonly #source: DocumentSource;
  readonly #singleFlight: SingleFlight;
  readonly #breaker: CircuitBreaker;
  readonly #complaints: OthersComplaints;
  readonly #demand: Demand;
  readonly #isParents: (error: Error) => boolean;
  #cancel: CancelTimer | undefined;
  #lastWokeMs = Number.NEGATIVE_INFINITY;
  #isBusy = false;
  #isRunning = false;
  #isStopped = false;
  /** The first use reads the document by itself. On the monotonic clock, as all instants here. */
  #startedMs = Number.NEGATIVE_INFINITY;
  #followAtMs = Number.POSITIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Background attempts in a row that brought nothing. */
  #failures = 0;
  /** Readings in the background in a row that failed, and when to make the next one. */
  #readFailures = 0;
  #readAgainAtMs = Number.POSITIVE_INFINITY;
  #recheckJitter = 1;
  #staleReason: StaleReason | undefined;
  /** Drawn once for each commit, and for each doubt. */
  #proactive: { readonly commitId: string; readonly atMs: number } | undefined;
  #reconcile: { readonly sinceMs: number; readonly atMs: number } | undefined;

  constructor(
    node: FleetNode,
    source: DocumentSource,
    singleFlight: SingleFlight,
    breaker: CircuitBreaker,
    complaints: OthersComplaints,
    demand: Demand,
    isParents: (error: Error) => boolean,
  ) {
    this.#node = node;
    this.#source = source;
    this.#singleFlight = singleFlight;
    this.#breaker = breaker;
    this.#complaints = complaints;
    this.#demand = demand;
    this.#isParents = isParents;
  }

  /** From the first use on, until {@link Background.stop}, which is final. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#startedMs = this.#node.context.clock.monotonicMs();
    this.#followAtMs = this.#startedMs + followAfterMs;
    this.rearm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** The store is back: what failed because it was away is tried again now. */
  hurry(): void {
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#failures = 0;
    this.rearm();
  }

  /** What is known has changed: something else may be due next. */
  rearm(): void {
    this.#cancel?.();
    if (!this.#isRunning || this.#isStopped || this.#isBusy) return;
    const nowMs = this.#node.context.clock.monotonicMs();
    const ms = sleepMs(this.#terms(), nowMs, this.#lastWokeMs);
    this.#cancel = this.#node.context.clock.setTimer(ms, () => void this.#wake(), {
      background: true,
    });
  }

  #terms(): DueTerms {
    return {
      refreshAtMs: this.#refreshAtMs(),
      refreshNotBeforeMs: this.#notBeforeMs,
      readAtMs: Math.min(this.#recheckAtMs(), this.#readAgainAtMs, this.#doubtfulAtMs()),
      followAtMs: this.#followAtMs,
      reportAtMs: this.#staleAtMs(),
    };
  }

  async #wake(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#lastWokeMs = this.#node.context.clock.monotonicMs();
    try {
      await this.#work();
    } catch {
      // The document has reported that the store cannot be reached, or what it holds cannot be
      // read.
    } finally {
      this.#isBusy = false;
      this.rearm();
    }
  }

  async #work(): Promise<void> {
    this.#reportStale();
    switch (dueTask(this.#terms(), this.#node.context.clock.monotonicMs())) {
      case "refresh":
        return await this.#refresh();
      case "read":
        return await this.#read(async () => this.#source.proveWrites(await this.#source.read()));
      case "follow":
        return await this.#read(async () => {});
      case undefined:
        return await this.#demand.mark(this.#source);
    }
  }

  async #refresh(): Promise<void> {
    const goal = this.#dueGoal();
    const met = goal && (await this.#pursue(goal));
    this.#failures = goal !== undefined && this.#dueGoal() === undefined ? 0 : this.#failures + 1;
    this.#staleReason =
      this.#failures === 0
        ? undefined
        : met
          ? staleReasonOf(met, this.#staleReason, this.#isParents)
          : this.#staleReason;
    if (this.#failures > 0)
      this.#notBeforeMs = this.#node.context.clock.monotonicMs() + this.#pauseMs(met?.block);
  }

  /**
   * Whatever made it due is past from here on; should it fail, it is tried again after a pause that
   * grows.
   */
  async #read(first: () => Promise<unknown>): Promise<void> {
    const { clock, random } = this.#node.context;
    this.#followAtMs = Number.POSITIVE_INFINITY;
    this.#readAgainAtMs = Number.POSITIVE_INFINITY;
    this.#recheckJitter = 0.96 + 0.04 * random.next();
    try {
      await first();
      await this.#source.follow();
      this.#readFailures = 0;
    } catch (error) {
      this.#readFailures += 1;
      this.#readAgainAtMs =
        clock.monotonicMs() + (0.8 + 0.4 * random.next()) * steppedMs(this.#readFailures);
      throw error;
    }
  }

  async #pursue(goal: Goal): Promise<FailedAttempt | undefined> {
    const { cached } = this.#node.local;
    const isComplaint = cached !== undefined && goal.reason === "rejected" && goal.isDead !== true;
    const judged = isComplaint ? await this.#complaints.judged(cached) : goal;
    return judged && this.#singleFlight.inBackground(judged);
  }

  /**
   * How long to leave things alone after an attempt that brought nothing: not longer than somebody
   * else's lease may last.
   */
  #pauseMs(block: BlockReason | undefined): number {
    const { local, context, storeClock } = this.#node;
    const jitter = 0.8 + 0.4 * context.random.next();
    const isUrgent = !local.isUsable || (local.state !== undefined && isDead(local.state));
    const ownMs = jitter * steppedMs(this.#failures, isUrgent);
    const coolMs = jitter * ((local.state?.backOffUntilMs ?? 0) - storeClock.nowMs());
    const leaseMs =
      block?.kind === "wait"
        ? block.ms + retrySpreadMs(isUrgent) * context.random.next()
        : Number.POSITIVE_INFINITY;
    return Math.max(Math.min(ownMs, leaseMs), coolMs);
  }

  #dueGoal(): Goal | undefined {
    const { local, context, storeClock } = this.#node;
    const { cached, state } = local;
    if (!this.#refreshes() || this.#breaker.error !== undefined) return undefined;
    // Whoever calls next is to be served, so what was refused is tried again although nobody calls
    // now.
    if (cached === undefined && this.#breaker.isRefused) return { reason: "cold" };
    if (cached === undefined || state === undefined) return undefined;
    const nowMs = context.clock.monotonicMs();
    const replaces = cached.stored.commitId;
    if (storeClock.nowMs() >= this.#complaints.actAtMs(cached))
      return { reason: "rejected", refused: cached.stored.fingerprint, isDead: isDead(state) };
    if (nowMs >= cached.hardUntilMs) return { reason: "expired", replaces };
    if (storeClock.nowMs() >= cached.windows.mandatoryAtMs)
      return { reason: "mandatory", replaces };
    if (nowMs >= this.#proactiveAtMs(cached)) return { reason: "advisory", replaces };
    if (nowMs >= this.#reconcileAtMs()) return { reason: "reconcile", replaces };
    return undefined;
  }

  #refreshAtMs(): number {
    const { local, storeClock } = this.#node;
    if (!this.#refreshes()) return Number.POSITIVE_INFINITY;
    if (this.#breaker.error !== undefined) return this.#breaker.nextTryMs;
    if (this.#dueGoal() !== undefined) return Number.NEGATIVE_INFINITY;
    const { cached } = local;
    if (cached === undefined) return Number.POSITIVE_INFINITY;
    return Math.min(
      storeClock.monotonicAt(this.#complaints.actAtMs(cached)),
      this.#proactiveAtMs(cached),
      this.#reconcileAtMs(),
    );
  }

  #refreshes(): boolean {
    return this.#source.role === "owner" && this.#demand.isWanted(this.#source.usedAtMs);
  }

  #proactiveAtMs({ stored, windows }: CachedCredential): number {
    const { context, storeClock } = this.#node;
    if (this.#proactive?.commitId !== stored.commitId) {
      const youngUntilMs =
        stored.issuedAtMs + Math.min(youthMs, (stored.expiresAtMs - stored.sentAtMs) / 2);
      const startMs = electedStart(
        windows.advisoryAtMs,
        windows.mandatoryAtMs,
        context.parameters.fleetSize,
        context.random.next(),
      );
      this.#proactive = {
        commitId: stored.commitId,
        atMs: storeClock.monotonicAt(Math.max(startMs, youngUntilMs)),
      };
    }
    return this.#proactive.atMs;
  }

  /**
   * The owed refresh is made late, while both credentials still work, and not before the drain has
   * passed.
   */
  #reconcileAtMs(): number {
    const { local, context, storeClock } = this.#node;
    const sinceMs = context.rules.supersedes ? owedSinceMs(local.state) : local.state?.doubtSinceMs;
    if (sinceMs === undefined) return Number.POSITIVE_INFINITY;
    if (this.#reconcile?.sinceMs !== sinceMs) {
      const { drainMs, reconcileMs, fleetSize } = context.parameters;
      const lateMs = sinceMs + Math.max(reconcileMs, drainMs + retryMs);
      const earlyMs = Math.max(sinceMs + drainMs, lateMs - reconcileSpreadMs);
      this.#reconcile = {
        sinceMs,
        atMs: storeClock.monotonicAt(
          electedStart(earlyMs, lateMs, fleetSize, context.random.next()),
        ),
      };
    }
    return this.#reconcile.atMs;
  }

  /**
   * In the refresh window the document is read more often; a reading that would fall into it waits
   * for what the window's first minute brings.
   */
  #recheckAtMs(): number {
    const { local, context, storeClock } = this.#node;
    const { recheckDueMs, recheckMs } = context.parameters;
    const { cached, state } = local;
    const sinceMs = Math.max(this.#source.lastReadMs, this.#startedMs);
    const hasPush =
      state !== undefined && isCalm(state, storeClock.nowMs()) && this.#source.hasPush;
    const waitMs = hasPush
      ? toldRecheckMs(context.parameters, overlapOf(context.issuer))
      : recheckMs;
    const atMs = sinceMs + this.#recheckJitter * waitMs;
    const dueMs =
      cached === undefined
        ? Number.POSITIVE_INFINITY
        : storeClock.monotonicAt(cached.windows.advisoryAtMs);
    return atMs <= dueMs ? atMs : Math.max(sinceMs, dueMs) + this.#recheckJitter * recheckDueMs;
  }

  /**
   * When to read because the machine may have slept, or its wall clock was set: a reading that
   * succeeds settles it.
   */
  #doubtfulAtMs(): number {
    // Readings that fail have a pause of their own.
    const isDue = this.#node.storeClock.isDoubtful && this.#readFailures === 0;
    return isDue ? this.#source.lastReadMs + retryMs : Number.POSITIVE_INFINITY;
  }

  /**
   * When the present credential should have been replaced for a while, unless that has been told,
   * or nobody wants another.
   */
  #staleAtMs(): number {
    const { local, storeClock } = this.#node;
    const { cached } = local;
    const hasPush =
      cached === undefined ||
      cached.isStaleReported ||
      !local.isUsable ||
      !this.#demand.isWanted(this.#source.usedAtMs);
    return hasPush
      ? Number.POSITIVE_INFINITY
      : storeClock.monotonicAt(cached.windows.mandatoryAtMs + retryMs);
  }

  /** Once for each credential that is served past the point where it should have been replaced. */
  #reportStale(): void {
    if (this.#node.context.clock.monotonicMs() >= this.#staleAtMs())
      reportStale(this.#node, this.#source.role, this.#breaker, this.#staleReason);
  }
}
