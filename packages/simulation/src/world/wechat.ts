/** The platform behind a network: the simulator's engine, asked over requests that take time, get lost or are answered by something else. */
import type { Issuer, IssueRequest, Issued, Random } from "@lingpai/core";
import { IssueError } from "@lingpai/core";
import { createPlatform, type Platform } from "@lingpai/wechat-simulator";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const appId = "wx5a1c2b3d4e5f6071";
export const appSecret = "canary0secret0of0the0simulation0";
const path = "/cgi-bin/token";
export const lifetimeMs = 7_200_000;
export const overlapMs = 300_000;
const expiredCode = 42001;
const absurdLifetimesMs = [0, -7_200_000, Number.NaN, 1e15];

/** What becomes of one request. */
export interface Passage {
  readonly beforeMs: number;
  readonly afterMs: number;
  /** `lost`: processed, never answered; `reset`: processed, and the connection breaks; `absurd`: processed, and the answer tells no possible lifetime; `html`: what answers is not the platform, which may have been asked. */
  readonly fate:
    | "answered"
    | "lost"
    | "reset"
    | "busy"
    | "quota"
    | "absurd"
    | "html-processed"
    | "html-unprocessed"
    | "unsent"
    | "unprocessed";
  /** For how long what is issued lives, where that is less than documented. */
  readonly lifeMs?: number;
}

const processedFates: ReadonlySet<Passage["fate"]> = new Set(["answered", "lost", "reset", "absurd", "html-processed"]);

/** One request for a credential, as it really went. */
export interface Fetch {
  readonly number: number;
  readonly process: Process;
  readonly request: Pick<IssueRequest, "reason" | "current">;
  readonly sentAtMs: number;
  readonly willBeProcessedAtMs: number;
  processedAtMs?: number;
  /** What was issued, if something was. */
  token?: string;
  tokenId?: string;
  endedAtMs?: number;
  outcome?: "issued" | IssueError["outcome"];
}

export interface WechatOptions {
  readonly world: World;
  readonly random: Random;
  readonly quotaPerDay: number;
  readonly passage: (process: Process) => Passage;
  readonly onSent: (fetch: Fetch) => void;
  readonly onProcessed: (fetch: Fetch) => void;
}

export class Wechat {
  readonly engine: Platform;
  readonly fetches: Fetch[] = [];
  readonly #options: WechatOptions;
  /** When those end that live for less than documented. */
  readonly #shortened = new Map<string, number>();

  constructor(options: WechatOptions) {
    this.#options = options;
    const { world, random } = options;
    const nowMs = (): number => world.nowMs;
    const clock = { monotonicMs: nowMs, wallMs: nowMs, setTimer: () => () => {} };
    const accounts = [{ appId, secret: appSecret, limits: { [path]: { perDay: Number.POSITIVE_INFINITY } } }];
    this.engine = createPlatform({ accounts, clock, nowMs, random, overlapMs, lifetimeMs, logEntriesMax: 0 });
  }

  /** What a process asks through. */
  issuer(process: Process): Issuer {
    return {
      id: `wechat:plain:${appId}`,
      policy: { kind: "supersede", window: 2, overlapMs },
      lifetimeMs,
      quota: { perDay: this.#options.quotaPerDay, dayOffsetMs: 28_800_000 },
      issue: (request) => this.#issue(process, request),
      probe: (secret) => this.#probe(process, secret.reveal()),
    };
  }

  /** A business call that arrives now: the code that it is answered with. */
  call(token: string): number {
    const answer = this.engine.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: token });
    if (!answer.ok) return answer.body.errcode;
    return this.#isOver(token) ? expiredCode : 0;
  }

  /** When a token's life is over by its own lease of life, whatever supersedes it. */
  expiresAtMs(token: string): number {
    return this.#shortened.get(token) ?? this.engine.operator.inspect(token)?.expiresAtMs ?? 0;
  }

  isAlive(token: string): boolean {
    return this.engine.operator.inspect(token)?.alive === true && !this.#isOver(token);
  }

  #isOver(token: string): boolean {
    return (this.#shortened.get(token) ?? Number.POSITIVE_INFINITY) <= this.#options.world.nowMs;
  }

  /** The name of the token that was issued last. */
  get latestId(): string | undefined {
    return this.engine.operator.latest(appId)?.id;
  }

  idOf(token: string): string | undefined {
    return this.engine.operator.inspect(token)?.id;
  }

  foreignIssue(): string {
    return this.engine.operator.inspect(this.engine.operator.foreignIssue(appId))?.id ?? "";
  }

  /** Requests that have been sent and not processed, and will be. */
  underWay(): readonly Fetch[] {
    const nowMs = this.#options.world.nowMs;
    return this.fetches.filter((fetch) => fetch.processedAtMs === undefined && fetch.willBeProcessedAtMs > nowMs);
  }

  #issue(process: Process, request: IssueRequest): Promise<Issued> {
    const { world, passage, onSent } = this.#options;
    const { beforeMs, afterMs, fate, lifeMs = lifetimeMs } = passage(process);
    const isProcessed = processedFates.has(fate);
    const fetch: Fetch = {
      number: this.fetches.length + 1,
      process,
      request,
      sentAtMs: world.nowMs,
      willBeProcessedAtMs: isProcessed ? world.nowMs + beforeMs : Number.NEGATIVE_INFINITY,
    };
    this.fetches.push(fetch);
    onSent(fetch);
    return new Promise((resolve, reject) => {
      world.after(fate === "unsent" ? 0 : beforeMs, () => {
        const issued = isProcessed ? this.#process(fetch, lifeMs) : undefined;
        if (fate === "lost" || fate === "unprocessed") return "quiet";
        process.receive(afterMs, () => {
          fetch.endedAtMs = world.nowMs;
          if (fate === "answered" && issued !== undefined) {
            fetch.outcome = "issued";
            return resolve(issued);
          }
          if (fate === "absurd" && issued !== undefined) {
            fetch.outcome = "unknown";
            return resolve({ ...issued, expiresInMs: absurdLifetimesMs[fetch.number % absurdLifetimesMs.length]! });
          }
          const error = failure(fate);
          fetch.outcome = error.outcome;
          return reject(error);
        });
        return "quiet";
      });
    });
  }

  #process(fetch: Fetch, lifeMs: number): Issued | undefined {
    const answer = this.engine.official.issuePlain({ appId, secret: appSecret, caller: fetch.process.name });
    fetch.processedAtMs = this.#options.world.nowMs;
    if (!answer.ok) return undefined;
    fetch.token = answer.body.access_token;
    fetch.tokenId = this.idOf(fetch.token) ?? "";
    if (lifeMs < lifetimeMs) this.#shortened.set(fetch.token, fetch.processedAtMs + lifeMs);
    this.#options.onProcessed(fetch);
    return { secret: fetch.token, expiresInMs: lifeMs };
  }

  #probe(process: Process, token: string): Promise<"alive" | "dead" | "unknown"> {
    const { beforeMs, afterMs, fate } = this.#options.passage(process);
    return new Promise((resolve) => {
      if (fate === "lost" || fate === "unprocessed") return;
      this.#options.world.after(beforeMs, () => {
        const verdict = fate === "answered" ? (this.call(token) === 0 ? "alive" : "dead") : "unknown";
        process.receive(afterMs, () => resolve(verdict));
        return "quiet";
      });
    });
  }
}

function failure(fate: Passage["fate"]): IssueError {
  switch (fate) {
    case "busy":
      return new IssueError("busy", "The simulated platform is busy.", { platformCode: "-1" });
    case "quota":
      return new IssueError("quota", "The simulated platform's quota is gone.", { platformCode: "45009" });
    case "unsent":
      return new IssueError("unsent", "The simulated network refused the connection.");
    default:
      return new IssueError("unknown", "The simulated answer was not the platform's.");
  }
}
