/**
 * The background work of a credential in use: reading again, refreshing ahead, reconciling. It
 * sleeps until the next of these is due.
 */
import { overlapOf } from "../parameters.ts";
import type { Due } from "../time/due-queue.ts";
import type { Sleeper } from "../time/sweep.ts";
import { sweepOf } from "../time/time.ts";
import { isAtRest, isDead } from "../state/state.ts";
import {
  dueTask,
  retryMs,
  sleepMaxMs,
  sleepMs,
  awaitedRecheckMs,
  pushRecheckMs,
  mendLookMs,
  subscribeAfterMs,
  type DueTask,
  type DueTerms,
} from "./background-schedule.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { actAtMs, RemoteRefusals } from "./remote-refusals.ts";
import { staleReasonOf, reportStale, type FailedAttempt, type StaleReason } from "./stale-cause.ts";
import type { BackgroundDependencies } from "./dependencies.ts";
import { ElectedStarts } from "./elected-starts.ts";
import { doubtfulPauseMs, isAwaited, readPauseMs } from "./read-pause.ts";
import { RetryPause } from "./retry-pause.ts";

const never = Number.POSITIVE_INFINITY;

export class Background implements Sleeper {
  readonly #node: FleetNode;
  readonly #dependencies: BackgroundDependencies;
  /** Made at the first complaint. */
  #refusals: RemoteRefusals | undefined;
  readonly #starts: ElectedStarts;
  #sleep: Due<Sleeper> | undefined;
  #lastWokeMs = Number.NEGATIVE_INFINITY;
  #isBusy = false;
  #isRunning = false;
  #isStopped = false;
  /**
   * When the first use began, which reads the document itself. On the monotonic clock, as all
   * instants here.
   */
  #startedMs = Number.NEGATIVE_INFINITY;
  #isSubscribeDue = true;
  /** Made for each attempt, and kept if the attempt fails. */
  #pause: RetryPause | undefined;
  /** Failed background readings in a row, and when to make the next one. */
  #readFailures = 0;
  #readAgainAtMs: number | undefined;
  #recheckJitter = 1;
  #staleReason: StaleReason | undefined;

  constructor(node: FleetNode, dependencies: BackgroundDependencies) {
    this.#node = node;
    this.#dependencies = dependencies;
    this.#starts = new ElectedStarts(node);
  }

  /** Starts at the first use. {@link Background.stop} is final. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#startedMs = this.#node.context.clock.monotonicMs();
    this.rearm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#endSleep();
  }

  /** Tries again at once, because the store is back. */
  retryNow(): void {
    this.#pause?.end();
    this.rearm();
  }

  /** Sleeps again after a change, because another task may be due next. */
  rearm(): void {
    this.#endSleep();
    if (!this.#isRunning || this.#isStopped || this.#isBusy) return;
    const { clock } = this.#node.context;
    const ms = sleepMs(this.#terms(), clock.monotonicMs(), this.#lastWokeMs);
    this.#sleep = sweepOf(clock).add(this.#awaitsMend() ? Math.min(ms, mendLookMs) : ms, this);
  }

  #endSleep(): void {
    if (this.#sleep !== undefined) sweepOf(this.#node.context.clock).cancel(this.#sleep);
    this.#sleep = undefined;
  }

  #terms(): DueTerms {
    return {
      refreshAtMs: this.#refreshAtMs(),
      refreshNotBeforeMs: this.#pause?.untilMs() ?? Number.NEGATIVE_INFINITY,
      readAtMs: Math.min(this.#recheckAtMs(), this.#readAgainAtMs ?? never, this.#doubtfulAtMs()),
      subscribeAtMs: this.#isSubscribeDue ? this.#startedMs + subscribeAfterMs : never,
      reportAtMs: this.#staleAtMs(),
    };
  }

  /** Called by the timer, never during a run. */
  wake(): void {
    this.#lastWokeMs = this.#node.context.clock.monotonicMs();
    this.#reportStale();
    const task = dueTask(this.#terms(), this.#lastWokeMs);
    // Most wakes only check whether something is due.
    if (task === undefined && this.#dependencies.source.role === "owner") this.rearm();
    else void this.#run(task);
  }

  /**
   * Returns true while only another configuration of this process, which nobody reports, can serve
   * the consumers that may be waiting.
   */
  #awaitsMend(): boolean {
    const { cached } = this.#node.local;
    const nowMs = this.#node.context.clock.monotonicMs();
    return (
      this.#dependencies.breaker.error !== undefined &&
      isAwaited(this.#dependencies) &&
      (cached === undefined || nowMs + sleepMaxMs >= cached.serveUntilMs)
    );
  }

  async #run(task: DueTask | undefined): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#work(task);
    } catch {
      // The document has reported that the store cannot be reached, or what it holds cannot be
      // read.
    } finally {
      this.#isBusy = false;
      this.rearm();
    }
  }

  async #work(task: DueTask | undefined): Promise<void> {
    switch (task) {
      case "refresh":
        return await this.#refresh();
      case "read":
        return await this.#read(async () =>
          this.#dependencies.source.proveWrites(await this.#dependencies.source.read()),
        );
      case "subscribe":
        return await this.#read(async () => {});
      case undefined:
        return await this.#dependencies.demand.mark(this.#dependencies.source);
    }
  }

  async #refresh(): Promise<void> {
    const goal = this.#dueGoal();
    const pause = (this.#pause ??= new RetryPause(this.#node, () => this.#dueGoal()));
    pause.begins(goal);
    const met = goal && (await this.#pursue(goal));
    const hasFailed = goal === undefined || this.#dueGoal() !== undefined;
    if (!hasFailed) this.#staleReason = undefined;
    else if (met)
      this.#staleReason = staleReasonOf(met, this.#staleReason, this.#dependencies.parentErrors);
    if (hasFailed) pause.start(met);
    else this.#pause = undefined;
  }

  /**
   * Clears every reason to read, and reads. After a failure it tries again after a growing pause.
   */
  async #read(first: () => Promise<unknown>): Promise<void> {
    const { clock, random } = this.#node.context;
    this.#isSubscribeDue = false;
    this.#readAgainAtMs = undefined;
    this.#recheckJitter = 0.96 + 0.04 * random.next();
    try {
      await first();
      await this.#dependencies.source.subscribeAndRead();
      this.#readFailures = 0;
    } catch (error) {
      this.#readFailures += 1;
      const jitter = 0.8 + 0.4 * random.next();
      this.#readAgainAtMs =
        clock.monotonicMs() +
        readPauseMs(this.#node, this.#dependencies, this.#readFailures, jitter);
      throw error;
    }
  }

  async #pursue(goal: Goal): Promise<FailedAttempt | undefined> {
    const { cached } = this.#node.local;
    const isComplaint = cached !== undefined && goal.reason === "rejected" && goal.isDead !== true;
    if (!isComplaint) return this.#dependencies.singleFlight.inBackground(goal);
    this.#refusals ??= new RemoteRefusals(this.#dependencies.refusals);
    const judge = await this.#refusals.judge(cached);
    return judge && this.#dependencies.singleFlight.inBackground(judge);
  }

  #dueGoal(): Goal | undefined {
    const { local, context, storeClock } = this.#node;
    const { cached, state } = local;
    if (!this.#refreshes() || this.#dependencies.breaker.error !== undefined) return undefined;
    // The next caller should be served, so a refused refresh is tried again although nobody calls
    // now. Consumers wait for an owner, whether or not it has callers of its own.
    const { breaker, demand, source } = this.#dependencies;
    if (cached === undefined && (breaker.isRefused || demand.isMarked(source.usedAtMs)))
      return { reason: "cold" };
    if (cached === undefined || state === undefined) return undefined;
    const nowMs = context.clock.monotonicMs();
    const replaces = cached.stored.commitId;
    if (storeClock.nowMs() >= actAtMs(this.#node, cached))
      return { reason: "rejected", refused: cached.stored.fingerprint, isDead: isDead(state) };
    if (nowMs >= cached.serveUntilMs) return { reason: "expired", replaces };
    // It was fetched without the store, and is never written there. The fleet still has none.
    if (!cached.hasStoreTime && context.health.isReachable) return { reason: "cold", replaces };
    if (storeClock.nowMs() >= cached.windows.mandatoryAtMs)
      return { reason: "mandatory", replaces };
    if (nowMs >= this.#starts.proactiveAtMs(cached)) return { reason: "advisory", replaces };
    if (nowMs >= this.#starts.reconcileAtMs()) return { reason: "reconcile", replaces };
    return undefined;
  }

  #refreshAtMs(): number {
    const { local, storeClock } = this.#node;
    if (!this.#refreshes()) return never;
    if (this.#dependencies.breaker.error !== undefined) return this.#dependencies.breaker.nextTryMs;
    if (this.#dueGoal() !== undefined) return Number.NEGATIVE_INFINITY;
    const { cached } = local;
    if (cached === undefined) return never;
    return Math.min(
      storeClock.monotonicAt(actAtMs(this.#node, cached)),
      this.#starts.proactiveAtMs(cached),
      this.#starts.reconcileAtMs(),
    );
  }

  #refreshes(): boolean {
    return this.#dependencies.source.role === "owner" && this.#isWanted;
  }

  get #isWanted(): boolean {
    const { demand, source } = this.#dependencies;
    return demand.isWanted(source.usedAtMs);
  }

  /**
   * When to read the document again. In the refresh window it is read more often while somebody
   * needs it, and a reading that would fall into its first minute waits for the end of that minute.
   */
  #recheckAtMs(): number {
    const { local, context, storeClock } = this.#node;
    const { recheckDueMs, recheckMs } = context.parameters;
    const { cached, state } = local;
    const sinceMs = Math.max(this.#dependencies.source.lastReadMs, this.#startedMs);
    const hasPush =
      state !== undefined &&
      isAtRest(state, storeClock.nowMs()) &&
      this.#dependencies.source.hasPush;
    const { source } = this.#dependencies;
    // Nothing reports a consumer's complaint to an owner without messages.
    const isUnheard = !source.hasPush && isAwaited(this.#dependencies);
    const waitMs = hasPush
      ? pushRecheckMs(context.parameters, overlapOf(context.issuer))
      : Math.min(recheckMs, isUnheard ? awaitedRecheckMs(context.parameters, source) : recheckMs);
    const atMs = sinceMs + this.#recheckJitter * waitMs;
    const dueMs =
      cached === undefined || !this.#isWanted
        ? never
        : storeClock.monotonicAt(cached.windows.advisoryAtMs);
    const dueWaitMs = Math.min(recheckDueMs, waitMs);
    return atMs <= dueMs ? atMs : Math.max(sinceMs, dueMs) + this.#recheckJitter * dueWaitMs;
  }

  /**
   * When to read because the machine may have slept, because its wall clock was set, or because the
   * store was away. A successful reading settles it.
   */
  #doubtfulAtMs(): number {
    const { context, storeClock } = this.#node;
    const isDoubtful = storeClock.isDoubtful || context.health.isProvable;
    // Readings that fail have a pause of their own.
    const isDue = isDoubtful && this.#readFailures === 0;
    if (!isDue) return Number.POSITIVE_INFINITY;
    return this.#dependencies.source.lastReadMs + doubtfulPauseMs(this.#node, this.#dependencies);
  }

  /**
   * When to report that the cached credential is overdue. Infinity when that was reported, or
   * nobody wants another.
   */
  #staleAtMs(): number {
    const { local, storeClock } = this.#node;
    const { cached } = local;
    const isSettled =
      cached === undefined || cached.isStaleReported || !local.isUsable || !this.#isWanted;
    return isSettled
      ? Number.POSITIVE_INFINITY
      : storeClock.monotonicAt(cached.windows.mandatoryAtMs + retryMs);
  }

  /**
   * Reports, once for each credential, that it is served past the point where it should have been
   * replaced.
   */
  #reportStale(): void {
    if (this.#node.context.clock.monotonicMs() >= this.#staleAtMs())
      reportStale(
        this.#node,
        this.#dependencies.source.role,
        this.#dependencies.breaker,
        this.#staleReason,
      );
  }
}
