/**
 * The platform behind a network: the engine of the WeChat simulator. Requests to it take time, get
 * lost, or are answered by a proxy.
 */
import type { IssuePolicy, Issuer, IssueRequest, Issued, Random } from "@lingpai/core";
import { fingerprint, IssueError } from "@lingpai/core";
import { createPlatform, type Platform } from "@lingpai/wechat-simulator";
import {
  failure,
  processedFates,
  answeredFates,
  type RequestDelivery,
} from "./request-delivery.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

export const appId = "wx5a1c2b3d4e5f6071";
const unlimited = { perDay: Number.POSITIVE_INFINITY };
export const lifetimeMs = 7_200_000;
const expiredCode = 42001;
const addressCode = 40164;
const absurdLifetimesMs = [0, -7_200_000, Number.NaN, 1e15];

/** The identity of a node: its AppSecret, and the address of its requests. */
export interface Identity {
  secret: string;
  readonly address: string;
}

/**
 * `plain`: each request issues a new token. `stable`: each request returns the same token until its
 * last minutes, unless a new one is forced.
 */
export type Kind = "plain" | "stable";

function policyOf(kind: Kind, overlapMs: number): IssuePolicy {
  return kind === "plain"
    ? { kind: "supersede", overlapMs }
    : { kind: "stable", renewWithinMs: 300_000 };
}

/**
 * Why the token endpoint refuses: the account is frozen, the secret is wrong, one or all addresses
 * are not on the allow-list, or the day's quota is used up.
 */
export type IssueRefusal = "frozen" | "secret" | "address" | "addresses" | "quota";

const issueEndpoints: Readonly<Record<Kind, string>> = {
  plain: "/cgi-bin/token",
  stable: "/cgi-bin/stable_token",
};

/** One token request, and its true outcome. */
export interface Fetch {
  readonly number: number;
  readonly process: Process;
  readonly request: Pick<IssueRequest, "reason" | "current" | "forced">;
  /** The AppSecret with which it was sent. */
  readonly secret: string;
  readonly sentAtMs: number;
  readonly willBeProcessedAtMs: number;
  processedAtMs?: number;
  /** The issued token, if there is one. */
  token?: string;
  tokenId?: string;
  endedAtMs?: number;
  outcome?: "issued" | IssueError["outcome"];
}

export interface WechatOptions {
  readonly world: World;
  readonly random: Random;
  readonly kind: Kind;
  /** How long a superseded token still works. */
  readonly overlapMs: number;
  readonly quotaPerDay: number;
  readonly delivery: (process: Process) => RequestDelivery;
  readonly onSent: (fetch: Fetch) => void;
  readonly onProcessed: (fetch: Fetch) => void;
}

export class Wechat {
  readonly engine: Platform;
  readonly fetches: Fetch[] = [];
  readonly #options: WechatOptions;
  /** The ends of the tokens that live shorter than documented. */
  readonly #shortened = new Map<string, number>();
  #latest: string | undefined;
  #allowed: readonly string[] | undefined;
  /**
   * The last instant at which a foreign fetch, or a revocation, may have killed the fleet's token.
   */
  lastForeignAtMs: number = Number.NEGATIVE_INFINITY;
  /** Every AppSecret so far, the present one last. */
  readonly secrets: string[] = [secretNumber(1)];

  constructor(options: WechatOptions) {
    this.#options = options;
    const { world, random, overlapMs } = options;
    const nowMs = (): number => world.nowMs;
    const clock = { monotonicMs: nowMs, wallMs: nowMs, setTimer: () => () => {} };
    const accounts = [
      {
        appId,
        secret: this.secret,
        limits: { "/cgi-bin/token": unlimited, "/cgi-bin/stable_token": unlimited },
      },
    ];
    this.engine = createPlatform({
      accounts,
      clock,
      nowMs,
      random,
      overlapMs,
      lifetimeMs,
      logEntriesMax: 0,
    });
  }

  get kind(): Kind {
    return this.#options.kind;
  }

  /** The AppSecret that the platform accepts. */
  get secret(): string {
    return this.secrets.at(-1)!;
  }

  /** Resets the AppSecret. The platform refuses the old one from now on. */
  resetSecret(): string {
    this.secrets.push(secretNumber(this.secrets.length + 1));
    this.engine.operator.rotateSecret(appId, this.secret);
    return this.secret;
  }

  /** Sets the allow-list: only these addresses may request a token. */
  allow(addresses: readonly string[]): void {
    this.#allowed = addresses;
    this.engine.operator.setAllowList(appId, addresses);
  }

  /** Returns the issuer of one process. */
  issuer(process: Process, identity: Identity): Issuer {
    return {
      id: `wechat:${this.kind}:${appId}`,
      policy: policyOf(this.kind, this.#options.overlapMs),
      lifetimeMs,
      quota: {
        perDay: this.#options.quotaPerDay,
        dayOffsetMs: 28_800_000,
        forced: { perDay: 20, gapMs: 30_000 },
      },
      issue: (request) => this.#issue(process, identity, request),
      probe: (secret) => this.#probe(process, secret.reveal()),
      revision: () => fingerprint("revision", identity.secret),
    };
  }

  /** Returns the error code of a business call that arrives now; 0: success. */
  call(token: string): number {
    const answer = this.engine.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: token });
    if (!answer.ok) return answer.body.errcode;
    return this.#isOver(token) ? expiredCode : 0;
  }

  /** Returns when a token expires, unless a newer one supersedes it before. */
  expiresAtMs(token: string): number {
    return this.#shortened.get(token) ?? this.engine.operator.inspect(token)?.expiresAtMs ?? 0;
  }

  isAlive(token: string): boolean {
    return this.engine.operator.inspect(token)?.alive === true && !this.#isOver(token);
  }

  #isOver(token: string): boolean {
    return (this.#shortened.get(token) ?? Number.POSITIVE_INFINITY) <= this.#options.world.nowMs;
  }

  /** The id of the token that was issued last. */
  get latestId(): string | undefined {
    return this.engine.operator.latest(appId, this.kind)?.id;
  }

  idOf(token: string): string | undefined {
    return this.engine.operator.inspect(token)?.id;
  }

  foreignIssue(): string {
    this.lastForeignAtMs = this.#options.world.nowMs;
    this.#latest = this.engine.operator.foreignIssue(appId, { kind: this.kind });
    return this.idOf(this.#latest) ?? "";
  }

  /** Revokes every token that was issued before. */
  revokeTokens(): void {
    this.lastForeignAtMs = this.#options.world.nowMs;
    this.engine.operator.revoke(appId, [this.kind]);
  }

  /** Refuses to issue tokens, to all or to one address only. The returned function ends it. */
  refuseIssues(reason: IssueRefusal, address: string, others: readonly string[]): () => void {
    const { operator } = this.engine;
    switch (reason) {
      case "frozen":
        operator.freeze(appId);
        return () => operator.unfreeze(appId);
      case "secret":
        operator.rotateSecret(appId, "canaryXXXXsecret0of0the0console0");
        return () => operator.rotateSecret(appId, this.secret);
      case "quota":
        operator.setQuota(appId, issueEndpoints[this.kind], { perDay: 0 });
        return () => operator.setQuota(appId, issueEndpoints[this.kind], unlimited);
      default:
        operator.setAllowList(
          appId,
          reason === "address" ? others.filter((other) => other !== address) : [],
        );
        return () => operator.setAllowList(appId, undefined);
    }
  }

  /** Returns the requests that have been sent and will be processed later. */
  inFlight(): readonly Fetch[] {
    const nowMs = this.#options.world.nowMs;
    return this.fetches.filter(
      (fetch) => fetch.processedAtMs === undefined && fetch.willBeProcessedAtMs > nowMs,
    );
  }

  #issue(process: Process, { secret, address }: Identity, request: IssueRequest): Promise<Issued> {
    const { world, delivery, onSent } = this.#options;
    const way = delivery(process);
    const { beforeMs, afterMs, fate } = way;
    const isProcessed = processedFates.has(fate);
    const fetch: Fetch = {
      number: this.fetches.length + 1,
      process,
      request,
      secret,
      sentAtMs: world.nowMs,
      willBeProcessedAtMs: isProcessed ? world.nowMs + beforeMs : Number.NEGATIVE_INFINITY,
    };
    this.fetches.push(fetch);
    onSent(fetch);
    return new Promise((resolve, reject) => {
      world.after(fate === "unsent" ? 0 : beforeMs, () => {
        const answer = isProcessed ? this.#process(fetch, address, way) : failure(way);
        if (fate === "lost" || fate === "unprocessed") return "quiet";
        process.receive(afterMs, () => {
          fetch.endedAtMs = world.nowMs;
          const told = answeredFates.has(fate) ? answer : failure(way);
          if (told instanceof IssueError) {
            fetch.outcome = told.outcome;
            return reject(told);
          }
          fetch.outcome = fate === "absurd" ? "unknown" : "issued";
          if (fate !== "absurd") return resolve(told);
          return resolve({
            ...told,
            expiresInMs: absurdLifetimesMs[fetch.number % absurdLifetimesMs.length]!,
          });
        });
        return "quiet";
      });
    });
  }

  /** Processes a request: returns the token, or the reason why the platform refuses. */
  #process(
    fetch: Fetch,
    address: string,
    { fate, lifeMs = lifetimeMs }: RequestDelivery,
  ): Issued | IssueError {
    const { official } = this.engine;
    fetch.processedAtMs = this.#options.world.nowMs;
    const isAdmitted = fetch.secret === this.secret && this.#allowed?.includes(address) !== false;
    if (
      fate === "repeated" &&
      isAdmitted &&
      this.#latest !== undefined &&
      this.isAlive(this.#latest)
    )
      return this.#give(fetch, this.#latest, this.expiresAtMs(this.#latest) - fetch.processedAtMs);
    const request = {
      appId,
      secret: fetch.secret,
      ip: address,
      caller: fetch.process.name,
      forceRefresh: fetch.request.forced,
    };
    const answer =
      this.kind === "stable" ? official.issueStable(request) : official.issuePlain(request);
    if (!answer.ok) {
      const { errcode } = answer.body;
      return new IssueError(
        errcode === 45009 ? "quota" : "fatal",
        "The simulated platform refuses.",
        {
          platformCode: String(errcode),
          scope: errcode === addressCode ? "node" : "account",
        },
      );
    }
    const { access_token: token, expires_in: seconds } = answer.body;
    if (this.kind === "stable") return this.#give(fetch, token, 1_000 * seconds);
    if (lifeMs < lifetimeMs) this.#shortened.set(token, fetch.processedAtMs + lifeMs);
    return this.#give(fetch, token, lifeMs);
  }

  #give(fetch: Fetch, token: string, expiresInMs: number): Issued {
    this.#latest = token;
    fetch.token = token;
    fetch.tokenId = this.idOf(token) ?? "";
    this.#options.onProcessed(fetch);
    return { secret: token, expiresInMs };
  }

  #probe(process: Process, token: string): Promise<"alive" | "dead" | "unknown"> {
    const { beforeMs, afterMs, fate } = this.#options.delivery(process);
    return new Promise((resolve) => {
      if (fate === "lost" || fate === "unprocessed") return;
      this.#options.world.after(beforeMs, () => {
        const verdict =
          fate === "answered" ? (this.call(token) === 0 ? "alive" : "dead") : "unknown";
        process.receive(afterMs, () => resolve(verdict));
        return "quiet";
      });
    });
  }
}

function secretNumber(number: number): string {
  return `canary${String(number).padStart(4, "0")}secret0of0the0simulation`;
}
