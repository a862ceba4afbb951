/**
 * Stops this node's requests after a lasting refusal, its own or the fleet's, and after failures of
 * its own network. Nothing here is final: after a refusal the platform is asked again after a
 * minute, then every 7 to 9 minutes.
 */
import { CredentialUnavailableError, IssueError } from "../errors.ts";
import type { RefreshReason } from "../issuer.ts";
import { standing, tryAgainMaxMs, tryAgainMs } from "../state/refusal.ts";
import type { Gate } from "../leader/attempt.ts";
import type { FleetNode } from "../fleet/node.ts";

const firstBackOffMs = 1_000;
const backOffMaxMs = 60_000;

interface Fatal {
  readonly error: IssueError;
  /** When this node tries again, on the monotonic clock. */
  readonly nextMs: number;
  readonly count: number;
  /**
   * The refusal counts for this configuration, and until another node stores a credential that it
   * requested later, or an operator stores one. Then the platform may accept.
   */
  readonly revision: string | undefined;
  readonly stored: string | undefined;
  /** In the store's time. */
  readonly atMs: number;
}

type BreakingNode = Pick<FleetNode, "context" | "local" | "storeClock">;

export class CircuitBreaker {
  readonly #node: BreakingNode;
  #fatal: Fatal | undefined;
  /** Requests in a row that never left this machine: its own network, not the fleet's. */
  #unsent = 0;
  #backOffUntilMs: number | undefined;

  constructor(node: BreakingNode) {
    this.#node = node;
  }

  /** The refusal that stops this node's requests now, if any. */
  get error(): IssueError | undefined {
    const standing = this.#standing;
    return standing !== undefined && this.#node.context.clock.monotonicMs() < standing.nextMs
      ? standing.error()
      : undefined;
  }

  /** True while a refusal stands, whether or not the next try is due. */
  get isRefused(): boolean {
    return this.#standing !== undefined;
  }

  /**
   * When the next try is due after a refusal, on the monotonic clock. Negative infinity when no
   * refusal stands.
   */
  get nextTryMs(): number {
    return this.#standing?.nextMs ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * This node's own refusal or the one that the fleet remembers, whichever is tried again later.
   */
  get #standing(): { readonly nextMs: number; error(): IssueError } | undefined {
    const { context, local, storeClock } = this.#node;
    const { state } = local;
    // The issuer may read its secret from a file or a vault, so it is asked only when it must be.
    if (this.#fatal === undefined && state?.refusal === undefined) return undefined;
    const revision = context.revision.recent();
    const own = this.#ownWith(revision);
    const fleet = state && standing(state, revision);
    if (fleet === undefined) return own && { nextMs: own.nextMs, error: () => own.error };
    return {
      nextMs: Math.max(
        own?.nextMs ?? Number.NEGATIVE_INFINITY,
        storeClock.monotonicAt(fleet.nextMs),
      ),
      error: () => own?.error ?? refusalOf(fleet),
    };
  }

  /**
   * True while the issuer does not know its configuration yet, so that the fleet's refusal may not
   * concern this node.
   */
  get isUnsure(): boolean {
    return this.#node.context.revision.recent() === "";
  }

  #ownWith(revision: string | undefined): Fatal | undefined {
    const fatal = this.#fatal;
    if (fatal === undefined || fatal.revision !== revision) return undefined;
    const stored = this.#node.local.state?.credential;
    // What an operator has stored counts whenever it was requested: a seed may be old.
    const isRequestedBefore =
      stored !== undefined && stored.by.reason !== "manual" && stored.sentAtMs < fatal.atMs;
    return stored?.commitId === fatal.stored || isRequestedBefore ? fatal : undefined;
  }

  /**
   * Returns the error for a caller while a refusal stands and no try is due. Undefined when one is
   * due, or an operator asks.
   */
  callerError(reason: RefreshReason): CredentialUnavailableError | undefined {
    const { error } = this;
    if (error === undefined || reason === "manual") return undefined;
    const retryAfterMs = Math.ceil(this.nextTryMs - this.#node.context.clock.monotonicMs());
    return new CredentialUnavailableError(
      `The platform refuses to issue "${this.#node.context.issuer.id}" until a person mends the cause (code ${error.platformCode ?? error.code}): ` +
        `${error.message} Lingpai tries again by itself in ${Math.ceil(retryAfterMs / 1_000)} s.`,
      { cause: error, reason: "refused", retryAfterMs, retryable: false },
    );
  }

  /** Returns the back-off of this node after requests that never left. */
  backOff(reason: RefreshReason): Gate | undefined {
    if (this.#backOffUntilMs === undefined || reason === "manual") return undefined;
    const leftMs = this.#backOffUntilMs - this.#node.context.clock.monotonicMs();
    return leftMs > 0
      ? { why: "back-off", untilMs: this.#node.storeClock.nowMs() + leftMs }
      : undefined;
  }

  trip(error: IssueError): void {
    const { clock, random } = this.#node.context;
    if (error.outcome === "fatal") {
      const revision = this.#node.context.revision.now();
      const stored = this.#node.local.state?.credential?.commitId;
      const count = (this.#ownWith(revision)?.count ?? 0) + 1;
      const waitMs = Math.min(
        error.retryAfterMs ?? tryAgainMs(count, random.next()),
        tryAgainMaxMs,
      );
      const atMs = this.#node.storeClock.nowMs();
      this.#fatal = { error, nextMs: clock.monotonicMs() + waitMs, count, revision, stored, atMs };
    }
    if (error.outcome !== "unsent") return;
    const stepMs = Math.min(backOffMaxMs, firstBackOffMs * 2 ** Math.min(30, this.#unsent));
    this.#unsent += 1;
    this.#backOffUntilMs = clock.monotonicMs() + stepMs * (0.75 + random.next() / 2);
  }

  /** Closes the breaker after a refresh that succeeded. */
  reset(): void {
    this.#fatal = undefined;
    this.#unsent = 0;
    this.#backOffUntilMs = undefined;
  }
}

function refusalOf({ code, node }: { readonly code: string; readonly node: string }): IssueError {
  return new IssueError(
    "fatal",
    `the node "${node}" asked for the whole fleet and was refused; its log has the platform's words.`,
    {
      platformCode: code,
    },
  );
}
