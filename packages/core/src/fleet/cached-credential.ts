/** The credential that this process hands out. */
import type { Secret } from "../secret.ts";
import type { StoredCredential } from "../state/state.ts";
import type { IssuerTerms } from "./context.ts";
import { windowsOf, type Windows } from "./renewal-windows.ts";

/** The facts about a credential when it is adopted. */
interface Adopted {
  readonly secret: Secret;
  readonly promise: Promise<Secret>;
  readonly stored: StoredCredential;
  readonly terms: IssuerTerms;
  readonly serveUntilMs: number;
  readonly isUnstored: boolean;
  readonly hasStoreTime: boolean;
  readonly uses: number;
}

export class CachedCredential {
  readonly secret: Secret;
  /** Already resolved, and shared by all callers, so that a fresh `get` allocates nothing. */
  readonly promise: Promise<Secret>;
  /** The one of the newest document. */
  stored: StoredCredential;
  /** On the monotonic clock. It moves when the estimate of the store's time is corrected. */
  serveUntilMs: number;
  /** Issued to this process and not stored yet: this copy is the only one. */
  isUnstored: boolean;
  /**
   * True when its times are the store's. Before the store has answered they are this node's, and
   * valid on this node only.
   */
  readonly hasStoreTime: boolean;
  uses: number;
  isStaleReported = false;
  readonly #terms: IssuerTerms;

  constructor(adopted: Adopted) {
    this.secret = adopted.secret;
    this.promise = adopted.promise;
    this.stored = adopted.stored;
    this.serveUntilMs = adopted.serveUntilMs;
    this.isUnstored = adopted.isUnstored;
    this.hasStoreTime = adopted.hasStoreTime;
    this.uses = adopted.uses;
    this.#terms = adopted.terms;
  }

  /** Computed at each use. Keeping them would take a fortieth of a credential's memory. */
  get windows(): Windows {
    return windowsOf(this.stored, this.#terms.issuer.policy, this.#terms.parameters);
  }
}
