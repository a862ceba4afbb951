/**
 * A platform in memory. It issues credentials with the semantics of an {@link IssuePolicy}, keeps a
 * log, and fails on demand.
 */
import { IssueError, type IssueOutcome } from "../errors.ts";
import type {
  Issued,
  IssuePolicy,
  IssueQuota,
  IssueRequest,
  Issuer,
  RefreshReason,
} from "../issuer.ts";
import type { Secret } from "../secret.ts";
import { delay, type Clock } from "../time/time.ts";
import { waitFor } from "../time/wait.ts";
import { tokenSpace, type TokenSpace } from "./token-space.ts";

/**
 * - `ok`: the platform issues a credential.
 * - `same`: the platform returns the newest credential again, whatever the policy says.
 * - `busy`, `fatal`, `parent`, `quota`, `unsent`: the platform issues nothing, and the request
 *   fails with that {@link IssueError}.
 * - `unknown-unprocessed`, `unknown-processed`: no answer arrives. The platform issued nothing, or
 *   did.
 */
export type ScriptedOutcome =
  | "ok"
  | "same"
  | "busy"
  | "fatal"
  | "parent"
  | "quota"
  | "unsent"
  | "unknown-unprocessed"
  | "unknown-processed";

export interface ScriptedStep {
  /** @defaultValue "ok" */
  readonly outcome?: ScriptedOutcome;
  /**
   * How long the request travels before the platform processes it. Overrides the issuer's latency.
   */
  readonly requestMs?: number;
  /** How long the answer travels back. @defaultValue 0 */
  readonly replyMs?: number;
  readonly platformCode?: string;
  readonly retryAfterMs?: number;
  /** Which nodes a `fatal` refusal concerns. @defaultValue "account" */
  readonly scope?: "account" | "node";
  /**
   * The life of the credential, which the answer states. @defaultValue the issuer's lifetime
   */
  readonly expiresInMs?: number;
}

/** One request as the platform saw it. Fields are added as time passes. */
export interface IssueRecord {
  readonly reason: RefreshReason;
  readonly forced: boolean;
  readonly outcome: ScriptedOutcome;
  readonly sentAtMs: number;
  /**
   * When the platform decided. Absent while the request travels, and when it never arrived.
   */
  processedAtMs?: number;
  /** When the call ended for its caller, by an answer or because the caller gave up. */
  repliedAtMs?: number;
  /** The issued secret, also when the answer was lost. */
  secret?: string;
  /** The single-use input that was sent. */
  readonly input?: string;
  /** The client that sent the request, for requests through {@link ScriptedIssuer.as}. */
  readonly client?: string;
}

export interface ScriptedIssuerOptions {
  readonly clock: Clock;
  /** The platform's time in ms. @defaultValue the clock's monotonic time */
  readonly nowMs?: () => number;
  /** @defaultValue "test:plain:wx0123456789abcdef" */
  readonly id?: string;
  /** @defaultValue supersede, with 300 s of overlap */
  readonly policy?: IssuePolicy;
  /** @defaultValue 7_200_000 */
  readonly lifetimeMs?: number;
  readonly quota?: IssueQuota;
  /** How long a request travels. @defaultValue 0, answered without a timer */
  readonly latencyMs?: number;
  /** True when the issuer can probe. @defaultValue false */
  readonly probes?: boolean;
  /** True when the issuer can recover its input, with the policy `rotate`. @defaultValue false */
  readonly recovers?: boolean;
}

export interface ScriptedIssuer extends Issuer {
  /** Every request, in the order in which they were sent. */
  readonly issues: readonly IssueRecord[];
  /** Appends outcomes for the next requests, one for each. Without a script: `ok`. */
  script(...steps: readonly (ScriptedOutcome | ScriptedStep)[]): void;
  /**
   * Answers every request that has no script this way, or only those of some clients, until the
   * returned function is called.
   */
  refuse(step: ScriptedStep, clients?: readonly string[]): () => void;
  /**
   * Returns an issuer of the same platform for a client with its own configuration. `client` names
   * it to {@link ScriptedIssuer.refuse}.
   */
  as(client: string, revision?: string): Issuer;
  /** Returns true when the platform accepts this secret now. */
  alive(secret: Secret | string): boolean;
  /** The newest credential. Undefined before the first. */
  readonly latest: string | undefined;
  /**
   * Issues a credential to somebody outside the fleet, with all effects on the earlier ones, and
   * returns it.
   */
  issueElsewhere(): string;
  /** Revokes one credential at once. */
  revoke(secret: string): void;
  /** The most requests that were under way at the same time. */
  readonly concurrencyMax: number;
  /** How many probes were made. */
  readonly probesMade: number;
  /** How often an input was recovered. */
  readonly recoveries: number;
}

export function scriptedIssuer(options: ScriptedIssuerOptions): ScriptedIssuer {
  const { clock, lifetimeMs = 7_200_000 } = options;
  const policy: IssuePolicy = options.policy ?? { kind: "supersede", overlapMs: 300_000 };
  const space = tokenSpace(policy, options.nowMs ?? (() => clock.monotonicMs()));
  const desk = new Desk(options, lifetimeMs, space);
  const asked = { probes: 0, recoveries: 0 };
  const issuer: Issuer = {
    id: options.id ?? "test:plain:wx0123456789abcdef",
    policy,
    lifetimeMs,
    ...(options.quota !== undefined && { quota: options.quota }),
    issue: (request) => desk.issue(request),
    ...questions(options, space, asked),
  };

  return {
    ...issuer,
    as: (client, revision = client) => ({
      ...issuer,
      issue: (request) => desk.issue(request, client),
      revision: () => revision,
    }),
    refuse: (step, clients) => desk.refuse(step, clients),
    issues: desk.issues,
    script: (...more) => {
      desk.steps.push(...more.map((step) => (typeof step === "string" ? { outcome: step } : step)));
    },
    alive: (secret) => space.alive(typeof secret === "string" ? secret : secret.reveal()),
    get latest() {
      return space.latest?.secret;
    },
    issueElsewhere: () =>
      space.issue({ forced: true, lifetimeMs, nextInput: space.latest?.nextInput }).secret,
    revoke: (secret) => space.revoke(secret),
    get concurrencyMax() {
      return desk.concurrencyMax;
    },
    get probesMade() {
      return asked.probes;
    },
    get recoveries() {
      return asked.recoveries;
    },
  };
}

/** Receives the requests, looks up the script of each, and records it. */
class Desk {
  readonly issues: IssueRecord[] = [];
  readonly steps: ScriptedStep[] = [];
  concurrencyMax = 0;
  readonly #options: ScriptedIssuerOptions;
  readonly #lifetimeMs: number;
  readonly #space: TokenSpace;
  readonly #refusals = new Set<{
    readonly step: ScriptedStep;
    readonly clients: readonly string[] | undefined;
  }>();
  #concurrency = 0;

  constructor(options: ScriptedIssuerOptions, lifetimeMs: number, space: TokenSpace) {
    this.#options = options;
    this.#lifetimeMs = lifetimeMs;
    this.#space = space;
  }

  refuse(step: ScriptedStep, clients: readonly string[] | undefined): () => void {
    const refusal = { step, clients };
    this.#refusals.add(refusal);
    return () => void this.#refusals.delete(refusal);
  }

  async issue(request: IssueRequest, client?: string): Promise<Issued> {
    const { clock, latencyMs = 0 } = this.#options;
    const space = this.#space;
    const step = this.#stepFor(client);
    const record = recordOf(step.outcome ?? "ok", request, space.nowMs(), client);
    this.issues.push(record);
    this.#concurrency += 1;
    this.concurrencyMax = Math.max(this.concurrencyMax, this.#concurrency);
    try {
      const answer = deliver({
        clock,
        space,
        record,
        step: { requestMs: latencyMs, expiresInMs: this.#lifetimeMs, ...step },
        request,
      });
      return await untilHungUp(answer, request.signal);
    } finally {
      record.repliedAtMs = space.nowMs();
      this.#concurrency -= 1;
    }
  }

  #stepFor(client: string | undefined): ScriptedStep {
    const standing = [...this.#refusals].find(
      ({ clients }) => clients === undefined || (client !== undefined && clients.includes(client)),
    );
    return this.steps.shift() ?? standing?.step ?? {};
  }
}

function recordOf(
  outcome: ScriptedOutcome,
  { reason, forced, input }: IssueRequest,
  sentAtMs: number,
  client?: string,
): IssueRecord {
  return {
    reason,
    forced,
    outcome,
    sentAtMs,
    ...(input && { input: input.reveal() }),
    ...(client !== undefined && { client }),
  };
}

/** The questions that the platform answers without issuing anything. */
function questions(
  options: ScriptedIssuerOptions,
  space: TokenSpace,
  asked: { probes: number; recoveries: number },
): Pick<Issuer, "probe" | "recover"> {
  return {
    ...(options.probes && {
      async probe(secret: Secret) {
        asked.probes += 1;
        return space.alive(secret.reveal()) ? "alive" : "dead";
      },
    }),
    ...(options.recovers && {
      async recover() {
        asked.recoveries += 1;
        const nextInput = space.latest?.nextInput;
        if (nextInput === undefined)
          throw new IssueError(
            "fatal",
            "The scripted platform knows no input. Let it issue something elsewhere first.",
          );
        return nextInput;
      },
    }),
  };
}

interface Delivery {
  readonly clock: Clock;
  readonly space: TokenSpace;
  readonly record: IssueRecord;
  readonly step: ScriptedStep & { readonly expiresInMs: number };
  readonly request: IssueRequest;
}

/** The platform's side. It processes every request that arrived, also when the caller gave up. */
async function deliver(delivery: Delivery): Promise<Issued> {
  const { clock, step, record } = delivery;
  if (record.outcome === "unsent") throw refusal("unsent", step);
  if (step.requestMs) await delay(clock, step.requestMs);
  if (record.outcome === "unknown-unprocessed") throw refusal("unknown", step);
  const issued = decide(delivery);
  if (step.replyMs) await delay(clock, step.replyMs);
  if (record.outcome === "unknown-processed") throw refusal("unknown", step);
  return issued;
}

function decide({ space, record, step, request }: Delivery): Issued {
  const { outcome } = record;
  record.processedAtMs = space.nowMs();
  if (outcome === "busy" || outcome === "fatal" || outcome === "parent" || outcome === "quota")
    throw refusal(outcome, step);
  const order = {
    forced: request.forced,
    lifetimeMs: step.expiresInMs,
    nextInput: request.input?.reveal(),
  };
  const token = (outcome === "same" ? space.latest : undefined) ?? space.issue(order);
  record.secret = token.secret;
  return {
    secret: token.secret,
    expiresInMs: token.expiresAtMs - space.nowMs(),
    ...(token.nextInput !== undefined && { nextInput: token.nextInput }),
  };
}

function refusal(outcome: IssueOutcome, step: ScriptedStep): IssueError {
  return new IssueError(
    outcome,
    `The scripted platform answered "${outcome}". Change the script of the test to get another answer.`,
    {
      ...(step.platformCode !== undefined && { platformCode: step.platformCode }),
      ...(step.retryAfterMs !== undefined && { retryAfterMs: step.retryAfterMs }),
      ...(step.scope !== undefined && { scope: step.scope }),
    },
  );
}

/** The caller's side. It gives up when its signal aborts, and then knows no outcome. */
async function untilHungUp(answer: Promise<Issued>, signal: AbortSignal): Promise<Issued> {
  try {
    return await waitFor(answer, { signals: [signal] });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new IssueError("unknown", "The request was given up before the platform answered.", {
      cause: error,
    });
  }
}
