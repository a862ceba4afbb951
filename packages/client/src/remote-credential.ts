/** A credential that a token server owns. This process never fetches, and has no AppSecret. */
import {
  ClosedError,
  ConfigurationError,
  createEventBus,
  delay,
  revealed,
  waitFor,
} from "@lingpai/core";
import type {
  CallOptions,
  Checked,
  Clock,
  Credential,
  CredentialEvent,
  CredentialOrigin,
  CredentialStatus,
  EventBus,
  Issued,
  ListenOptions,
  Random,
  Rejection,
  RejectOptions,
  Secret,
  SeedOptions,
} from "@lingpai/core";
import { Demand } from "./demand.ts";
import { LocalCopy } from "./local-copy.ts";
import { statusOf } from "./status.ts";
import { unavailable } from "./unavailable.ts";
import { PollPace, retryPauseMs } from "./poll-pace.ts";
import type { ServerAnswer, ServerBody } from "./server-call.ts";
import type { Servers } from "./servers.ts";

export interface RemoteCredentialOptions {
  readonly id: string;
  readonly ref: string;
  readonly origin: CredentialOrigin | undefined;
  readonly node: string;
  readonly servers: Servers;
  readonly clock: Clock;
  readonly random: Random;
  readonly waitMs: number;
}

/** What a reply may take besides what a poll is held for. */
const replyMs = 5_000;
/** At most one poll a second, whatever the server says. */
const pollGapMs = 1_000;

type Posted = Extract<ServerAnswer, { kind: "body" | "done" }>;
type Body = Extract<ServerAnswer, { kind: "body" }>;

export class RemoteCredential implements Credential {
  readonly id: string;
  readonly origin: CredentialOrigin | undefined;
  readonly environment = "remote";
  readonly #options: RemoteCredentialOptions;
  readonly #path: string;
  readonly #local: LocalCopy;
  readonly #bus: EventBus;
  readonly #demand: Demand;
  readonly #closing = new AbortController();
  readonly #reports = new Map<string, Promise<Rejection>>();
  #fetching: Promise<Secret> | undefined;
  #polling: Promise<void> | undefined;
  #isReached: boolean | undefined;

  constructor(options: RemoteCredentialOptions) {
    const { clock, id, node } = options;
    this.id = id;
    this.origin = options.origin;
    this.#options = options;
    this.#path = `/v1/credentials/${encodeURIComponent(options.ref)}`;
    this.#local = new LocalCopy(clock);
    this.#bus = createEventBus({ id, environment: this.environment, node, clock });
    this.#demand = new Demand(clock, this.#local, this.#bus);
  }

  peek(): Secret | undefined {
    const copy = this.#local.usable;
    if (copy === undefined) return undefined;
    copy.uses += 1;
    return copy.secret;
  }

  async get(options: CallOptions = {}): Promise<Secret> {
    options.signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const copy = this.#local.usable;
    if (copy !== undefined) {
      copy.uses += 1;
      return copy.promise;
    }
    this.#demand.use();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return waitFor(this.#fetching, { signals: [options.signal] });
  }

  async reject(refused: Secret | string, options: RejectOptions = {}): Promise<Rejection> {
    options.signal?.throwIfAborted();
    this.#demand.use();
    const present = this.#local.usable;
    const isPresent =
      present !== undefined &&
      (typeof refused === "string"
        ? present.secret.reveal() === refused
        : present.secret.fingerprint === refused.fingerprint);
    const { platformCode } = options;
    const given = typeof refused === "string" ? undefined : refused.fingerprint;
    const fingerprint = isPresent ? present.secret.fingerprint : given;
    const verdict = isPresent ? "current" : present === undefined ? "unknown" : "replaced";
    this.#bus.emit("rejected", { fingerprint: fingerprint ?? "", verdict, platformCode });
    // A report about an earlier credential: this process already has its replacement.
    if (!isPresent && (present !== undefined || fingerprint === undefined)) {
      const secret = await this.get(options);
      if (secret.reveal() !== refused) return { replaced: true, secret, wasReplaced: true };
      return this.reject(secret, options);
    }
    const reported = fingerprint ?? "";
    const running =
      this.#reports.get(reported) ??
      this.#report(reported, options).finally(() => this.#reports.delete(reported));
    this.#reports.set(reported, running);
    return waitFor(running, { signals: [options.signal] });
  }

  /** The server judges its own credential. */
  async check(options: CallOptions = {}): Promise<Checked> {
    await this.get(options);
    return "unknown";
  }

  /** Needs the right `refresh`. */
  async refresh(options: CallOptions = {}): Promise<Secret> {
    const answer = await this.#post("refresh", {}, options.signal);
    return answer.kind === "body" ? this.#adopt(answer) : this.get(options);
  }

  /** Needs the right `admin`. */
  async seed(issued: Issued, { ageMs = 0, signal }: SeedOptions = {}): Promise<Secret> {
    const { expiresInMs, nextInput, secret } = issued;
    const body = {
      secret: revealed(secret),
      expiresInMs,
      ageMs,
      ...(nextInput !== undefined && { nextInput: revealed(nextInput) }),
    };
    await this.#post("seed", body, signal);
    this.#local.forget();
    return this.get(signal === undefined ? {} : { signal });
  }

  reset(): Promise<void> {
    return this.#onServer("reset");
  }

  reconcileQuota(): Promise<void> {
    return this.#onServer("reconcileQuota");
  }

  useFallback(): Promise<Secret> {
    return this.#onServer("useFallback");
  }

  status(): CredentialStatus {
    const { clock, node } = this.#options;
    return statusOf({
      id: this.id,
      environment: this.environment,
      node,
      nowMs: clock.monotonicMs(),
      local: this.#local,
      isReached: this.#isReached,
      isClosed: this.#closing.signal.aborted,
    });
  }

  watch(listener: (event: CredentialEvent) => void, options?: ListenOptions): () => void {
    return this.#bus.subscribe(listener, options);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ClosedError(`The credential "${this.id}"`));
    await this.#polling;
    const uses = this.#local.copy?.uses ?? 0;
    this.#local.forget();
    this.#bus.emit("closed", { uses });
    this.#bus.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A request for all callers, repeated until there is a credential or time is up. */
  async #fetch(): Promise<Secret> {
    const { clock, servers, waitMs } = this.#options;
    const { signal } = this.#closing;
    const untilMs = clock.monotonicMs() + waitMs;
    for (let failures = 0; ; failures += 1) {
      const leftMs = untilMs - clock.monotonicMs();
      const asked = { method: "GET", path: this.#path, signal } as const;
      const withinMs = Math.max(1, leftMs);
      const answer = await servers.any({ ...asked, timeoutMs: replyMs, withinMs });
      signal.throwIfAborted();
      this.#noteReached(answer);
      if (answer.kind === "body") return this.#adopt(answer);
      const pauseMs = retryPauseMs(answer, failures, this.#options.random);
      const isOver = clock.monotonicMs() + pauseMs >= untilMs;
      if (isOver || (answer.kind === "failed" && answer.isFinal))
        throw unavailable(this.id, answer);
      await delay(clock, pauseMs, signal);
    }
  }

  async #report(fingerprint: string, options: RejectOptions): Promise<Rejection> {
    const { doubtful, platformCode } = options;
    const code = /^-?\d{1,10}$/.test(platformCode ?? "") ? platformCode : undefined;
    const body = {
      fingerprint,
      ...(code !== undefined && { code }),
      ...(doubtful !== undefined && { doubtful }),
    };
    const answer = await this.#post("rejections", body, undefined);
    if (answer.kind !== "body") throw unavailable(this.id, answer);
    const isKept = answer.body.fingerprint === fingerprint;
    if (isKept) this.#local.readmit(fingerprint);
    else this.#local.refuse(fingerprint);
    const secret = this.#adopt(answer);
    if (isKept || answer.body.replaced !== true) return { replaced: false };
    return { replaced: true, secret, wasReplaced: answer.body.wasReplaced === true };
  }

  async #post(act: string, body: object, given: AbortSignal | undefined): Promise<Posted> {
    given?.throwIfAborted();
    const { servers, waitMs } = this.#options;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const path = `${this.#path}/${act}`;
    const asked = {
      method: "POST",
      path,
      body,
      signal,
      timeoutMs: waitMs,
      withinMs: waitMs,
    } as const;
    // A report may arrive twice, a refresh not.
    const way = act === "rejections" ? "hedged" : "any";
    const answer = await servers[way](asked);
    signal.throwIfAborted();
    this.#noteReached(answer);
    if (answer.kind === "failed" || answer.kind === "same") throw unavailable(this.id, answer);
    return answer;
  }

  #adopt({ body, sentAtMs }: { body: ServerBody; sentAtMs: number }): Secret {
    const before = this.#local.copy;
    const { fingerprint, generation, expiresInMs } = body;
    if (this.#local.adopt(body, sentAtMs)) {
      this.#bus.emit("adopted", {
        generation,
        epoch: 0,
        fingerprint,
        remainingMs: expiresInMs,
        byNode: "server",
        byEnvironment: this.environment,
        reason: before === undefined ? "cold" : "advisory",
      });
    }
    this.#polling ??= this.#poll();
    const { usable } = this.#local;
    if (usable !== undefined) return usable.secret;
    throw unavailable(this.id, {
      kind: "failed",
      isFinal: false,
      detail: "it has only a credential that was refused or has ended",
      retryAfterMs: pollGapMs,
    });
  }

  /**
   * Follows the server's commits until nobody needs them. The copy is then dropped, because
   * nothing would show its end: the next caller asks the server.
   */
  async #poll(): Promise<void> {
    const { clock, servers } = this.#options;
    const { signal } = this.#closing;
    const pace = new PollPace();
    let failures = 0;
    await this.#pause(pollGapMs);
    while (!signal.aborted && this.#demand.isWanted()) {
      const fromMs = clock.monotonicMs();
      const commitId = this.#local.copy?.commitId;
      const path = commitId === undefined ? this.#path : `${this.#path}?wait=${pace.waitS}`;
      const timeoutMs = replyMs + (commitId === undefined ? 0 : pace.waitS * 1_000);
      const answer = await servers.one({ method: "GET", path, commitId, timeoutMs, signal });
      if (signal.aborted) return;
      pace.note(answer, clock.monotonicMs() - fromMs);
      this.#noteReached(answer);
      if (answer.kind === "same" && commitId !== undefined)
        this.#local.extend(commitId, answer.sentAtMs + answer.expiresInMs);
      if (answer.kind === "body") this.#tryAdopt(answer);
      failures = answer.kind === "failed" ? failures + 1 : 0;
      const gapMs = pollGapMs - (clock.monotonicMs() - fromMs);
      const pauseMs = failures === 0 ? 0 : retryPauseMs(answer, failures, this.#options.random);
      await this.#pause(Math.max(gapMs, pauseMs));
    }
    this.#polling = undefined;
    if (!signal.aborted) this.#local.forget();
  }

  #tryAdopt(answer: Body): void {
    try {
      this.#adopt(answer);
    } catch {
      // The next poll, or the next caller that needs a credential, asks again.
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    const { signal } = this.#closing;
    await delay(this.#options.clock, ms, signal, { background: true }).catch(() => undefined);
  }

  #noteReached(answer: ServerAnswer): void {
    const isReached = answer.kind !== "failed";
    const copy = this.#local.usable;
    if (!isReached && this.#isReached !== false && copy !== undefined) {
      this.#bus.emit("kept-stale", {
        generation: copy.generation,
        epoch: 0,
        fingerprint: copy.secret.fingerprint,
        remainingMs: copy.serveUntilMs - this.#options.clock.monotonicMs(),
        cause: "owner",
      });
    }
    this.#isReached = isReached;
  }

  #onServer(act: string): Promise<never> {
    return Promise.reject(
      new ConfigurationError(`A remote credential has no ${act}. Do that where it is owned.`),
    );
  }
}
