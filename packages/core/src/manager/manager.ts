/** The credential as a consumer uses it. */
import { ClosedError, ConfigurationError } from "../errors.ts";
import type { EventListener, ListenOptions } from "../events/event-bus.ts";
import { getChannelName, isTraced, traced, type TracedGet } from "../events/tracing.ts";
import type { CredentialOrigin, Issued } from "../issuer.ts";
import { requireKinds, requireObject } from "../options.ts";
import type { Secret } from "../secret.ts";
import { Closing } from "../time/closing.ts";
import type { Clock } from "../time/time.ts";
import { waitFor } from "../time/wait.ts";
import { contextFrom, fingerprintIn, type Context } from "../fleet/context.ts";
import type { Goal, LocalCopy } from "../fleet/local-copy.ts";
import { measureQuota } from "../leader/reports.ts";
import { refuseRecursion } from "../leader/issuer-call.ts";
import { reset } from "../refresh/reset.ts";
import { seed } from "../refresh/seed.ts";
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
import { Assembly } from "./assembly.ts";
import { use } from "./single-flight.ts";
import { statusOf } from "./status.ts";

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
  /** Fields of their own, for the hot path. */
  readonly #clock: Clock;
  readonly #local: LocalCopy;
  readonly #assembly: Assembly;
  readonly #closing = new Closing();
  #closed: Promise<void> | undefined;

  constructor(context: Context, options: CredentialOptions) {
    this.id = context.issuer.id;
    this.origin = context.issuer.origin;
    this.environment = context.environment;
    this.#context = context;
    this.#clock = context.clock;
    this.#assembly = new Assembly(context, options, this.#closing);
    this.#local = this.#assembly.local;
  }

  peek(): Secret | undefined {
    const { cached } = this.#local;
    return cached !== undefined && this.#clock.monotonicMs() < cached.serveUntilMs
      ? use(cached)
      : undefined;
  }

  get(options?: CallOptions): Promise<Secret> {
    const { cached } = this.#local;
    if (
      cached === undefined ||
      this.#clock.monotonicMs() >= cached.serveUntilMs ||
      options?.signal?.aborted === true
    )
      return this.#slowGet(options);
    cached.uses += 1;
    return cached.promise;
  }

  async reject(refused: Secret | string, options: RejectOptions = {}): Promise<Rejection> {
    this.#open(options);
    requireSecret(refused);
    const { bus } = this.#context;
    const fingerprint =
      typeof refused === "string" ? fingerprintIn(this.#context, refused) : refused.fingerprint;
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
    const reportedAtMs = this.#assembly.storeClock.nowMs();
    // Only the store can tell whether an unknown secret is the fleet's present one.
    if (verdict === "unknown" && !this.#local.isUsable)
      await this.#assembly.admitCaller().ensure({ reason: "cold" }, options.signal);
    const present = this.#local.isUsable ? this.#local.cached : undefined;
    const isPresent = present?.stored.fingerprint === fingerprint;
    const goal = isPresent
      ? await this.#assembly.refusals.judge(present, options)
      : ({
          reason: "rejected",
          refused: fingerprint,
          isDead: this.#local.wasRefused(fingerprint),
        } as const);
    if (typeof goal === "string") return { replaced: false };
    return this.#assembly.replacement.for(goal, reportedAtMs, options.signal);
  }

  async check(options: CallOptions = {}): Promise<Checked> {
    this.#open(options);
    const secret = await this.get(options);
    const found = await this.#assembly.probe.verdict(secret, options.signal);
    if (found !== "dead") return found;
    return this.#assembly.replacement.forDead(secret.fingerprint, options.signal);
  }

  async refresh(options: CallOptions = {}): Promise<Secret> {
    this.#open(options);
    this.#requireOwner("refreshes");
    this.#assembly.breaker.reset();
    // A credential that another node has fetched meanwhile is replaced too.
    await this.#untilClosed(this.#assembly.source.read(), options.signal);
    const replaces = this.#local.cached?.stored.commitId;
    return this.#assembly.admitCaller().ensure({ reason: "manual", replaces }, options.signal);
  }

  async seed(issued: Issued, options: SeedOptions = {}): Promise<Secret> {
    this.#open(options);
    this.#requireOwner("seeds");
    await this.#untilClosed(
      seed(this.#assembly, this.#assembly.source, issued, options.ageMs),
      options.signal,
    );
    return this.#assembly.admitCaller().ensure({ reason: "cold" }, options.signal);
  }

  async useFallback(on: boolean, options: CallOptions = {}): Promise<Secret> {
    this.#open(options);
    this.#requireOwner("switches");
    const { bus, fallback, issuer } = this.#context;
    if (fallback === undefined)
      throw new ConfigurationError(`The issuer of "${this.id}" has no fallback.`);
    const to = on ? "fallback" : "own";
    const applied = await this.#untilClosed(
      this.#assembly.source.document.apply({ type: "switch", to }),
      options.signal,
    );
    const { state } = applied.snapshot;
    if (state === undefined || applied.verdict.kind === "kept") return this.get(options);
    this.#local.updateState(state);
    bus.emit("switched", { to, cause: "operator", issuer: on ? fallback.issuer.id : issuer.id });
    return this.#assembly
      .admitCaller()
      .ensure({ reason: "expired", replaces: state.credential?.commitId }, options.signal);
  }

  async reset(options: CallOptions = {}): Promise<void> {
    this.#open(options);
    this.#requireOwner("resets");
    await this.#untilClosed(reset(this.#assembly, this.#assembly.source), options.signal);
    this.#assembly.breaker.reset();
  }

  async reconcileQuota(observed: ObservedQuota): Promise<void> {
    this.#open({});
    requireObject("The platform's count", observed);
    const { used, remaining } = observed;
    this.#requireOwner("counts");
    const applied = await this.#untilClosed(
      this.#assembly.source.document.apply({ type: "ledger", used, remaining }),
    );
    if (applied.snapshot.state !== undefined) this.#local.updateState(applied.snapshot.state);
    const { bus, rules } = this.#context;
    measureQuota(bus, applied.verdict.used, rules, this.#assembly.storeClock.nowMs());
  }

  status(): CredentialStatus {
    return statusOf(this.#assembly, this.#assembly.source, this.#closed !== undefined);
  }

  watch(listener: EventListener, options?: ListenOptions): () => void {
    return this.#context.bus.subscribe(listener, options);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#assembly.background.stop();
    this.#closing.close(new ClosedError(`The credential "${this.id}"`));
    this.#assembly.singleFlight.wake();
    // Whoever waits for another node's request waits no longer.
    this.#assembly.source.feed.wake();
    await this.#assembly.singleFlight.settled();
    await this.#assembly.outcomes.pending?.close();
    this.#assembly.source.feed.close();
    const { uses } = this.#local;
    this.#local.close();
    this.#context.bus.emit("closed", { uses });
    // For example, a late read must cause no event.
    this.#context.bus.close();
  }

  async #slowGet(options: CallOptions = {}): Promise<Secret> {
    this.#open(options);
    const { signal } = options;
    const before = this.#local.cached?.stored.commitId;
    const goal: Goal =
      before === undefined ? { reason: "cold" } : { reason: "expired", replaces: before };
    // A herd of callers comes here, so nothing is made for a tracer that is not there.
    if (!isTraced(getChannelName)) return this.#assembly.admitCaller().ensure(goal, signal);
    return traced(getChannelName, this.#context, {}, async (call) => {
      const secret = await this.#assembly.admitCaller().ensure(goal, signal);
      if (call !== undefined) call.source = this.#source();
      return secret;
    });
  }

  /** How this process obtained the credential that it has just handed out. */
  #source(): TracedGet["source"] {
    return this.#local.cached?.stored.by.node === this.#context.node ? "refresh" : "store";
  }

  #requireOwner(act: string): void {
    if (this.#assembly.source.role === "consumer")
      throw new ConfigurationError(
        `This node consumes "${this.id}" and never ${act} it. Do that on an owner.`,
      );
  }

  #untilClosed<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#closing.during((closing) => waitFor(work, { signals: [signal, closing] }));
  }

  #open(options: CallOptions): void {
    requireKinds("The options of a call", options, { signal: "signal" });
    options.signal?.throwIfAborted();
    this.#closing.throwIfClosed();
    refuseRecursion(this.id);
  }

  #lifeOf(stored: { readonly issuedAtMs: number; readonly expiresAtMs: number }): {
    ageMs: number;
    remainingMs: number;
  } {
    const nowMs = this.#assembly.storeClock.nowMs();
    return { ageMs: nowMs - stored.issuedAtMs, remainingMs: stored.expiresAtMs - nowMs };
  }
}

/** @throws {ConfigurationError} unless it is a secret or a text. It shows nothing of it. */
function requireSecret(given: unknown): void {
  const isSecret = typeof given === "object" && given !== null && "fingerprint" in given;
  if (isSecret || typeof given === "string") return;
  throw new ConfigurationError(
    "reject() must be given the refused credential: the Secret that get() returned, or its text.",
  );
}
