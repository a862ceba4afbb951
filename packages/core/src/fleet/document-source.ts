/**
 * The place where this process reads the fleet's document, and its role. Both change when it starts
 * to consume another environment's credential.
 */
import { isDeepStrictEqual } from "node:util";
import type { Cache } from "../cache/cache.ts";
import { overlapOf } from "../parameters.ts";
import type { Claim } from "./claim-registry.ts";
import { StoredDocument, type Snapshot } from "./document.ts";
import { ChangeFeed, type ChangeReader } from "./change-feed.ts";
import type { FleetNode } from "./node.ts";
import type { StoredCredential } from "../state/state.ts";

/**
 * Up to this size all nodes may read at once when the document changes. Larger fleets spread their
 * readings over a time far below the overlap.
 */
const smallFleet = 200;
const spreadMaxMs = 20_000;

export type Role = "owner" | "consumer";

export class DocumentSource implements ChangeReader {
  readonly feed: ChangeFeed;
  readonly #node: FleetNode;
  /** The cache of this environment's own documents. */
  readonly #home: Cache;
  #cache: Cache;
  #role: Role;
  #yieldsTo: Claim | undefined;
  #document: StoredDocument;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #version: Snapshot["version"] | undefined;
  #usedAtMs: number | undefined;
  #wasEmpty = false;
  /**
   * True after a reading showed a change that no message reported: the subscription may be dead.
   */
  #isStale = false;
  #mustRenew = false;

  constructor(node: FleetNode, cache: Cache, role: Role) {
    this.#node = node;
    this.#home = cache;
    this.#cache = cache;
    this.#role = role;
    node.context.health.needsWrites = role === "owner";
    this.#document = new StoredDocument(node.context, node.storeClock, cache);
    this.feed = new ChangeFeed(node.context.clock, this);
  }

  get document(): StoredDocument {
    return this.#document;
  }

  get role(): Role {
    return this.#role;
  }

  /**
   * The claim of the environment that this one consumes because of a conflict; undefined for an
   * owner, and for a consumer by choice.
   */
  get yieldsTo(): Claim | undefined {
    return this.#yieldsTo;
  }

  /**
   * True after the last reading found no credential where this process has one. Whoever waits can
   * say why as soon as it is written back.
   */
  get wasEmpty(): boolean {
    return this.#wasEmpty;
  }

  /** The instant of the last request for the document, on the monotonic clock. */
  get lastReadMs(): number {
    return this.#lastReadMs;
  }

  /** When a consumer last marked the credential as used, as the document showed last. */
  get usedAtMs(): number | undefined {
    return this.#usedAtMs;
  }

  /** True while the store reports changes, as far as this node knows. */
  get hasPush(): boolean {
    return this.feed.isSubscribed && !this.#isStale;
  }

  /** Reads the document, and adopts its credential if it is newer. */
  async read(): Promise<Snapshot> {
    const sinceMs = this.#lastReadMs;
    this.#lastReadMs = this.#node.context.clock.monotonicMs();
    const document = this.#document;
    const snapshot = sharing(this.#node.local.cached?.stored, await document.read());
    if (this.#version !== undefined && this.#version !== snapshot.version) {
      this.#isStale = !this.feed.hasReceivedSince(sinceMs);
      this.#mustRenew = this.#isStale;
    }
    this.#version = copyOf(snapshot.version);
    this.#node.lostRequests.waitMs(snapshot.state);
    // A store that was emptied has lost the mark, and its consumers still wait.
    this.#usedAtMs = snapshot.state?.usedAtMs ?? this.#usedAtMs;
    this.#wasEmpty = snapshot.state?.credential === undefined && this.#node.local.isUsable;
    this.#node.adoption.adoptNewer(snapshot, document);
    return snapshot;
  }

  drawDelayMs(): number {
    const { parameters, random, issuer } = this.#node.context;
    const spreadMs =
      parameters.fleetSize > smallFleet ? Math.min(spreadMaxMs, overlapOf(issuer) / 15) : 0;
    return spreadMs * random.next();
  }

  /**
   * Rewrites the document unchanged while the store refuses writes. Only a write can show that it
   * accepts them again.
   */
  async proveWrites(snapshot: Snapshot): Promise<void> {
    const { health } = this.#node.context;
    if (health.refusesWrites && this.#role === "owner")
      await health.prove(() => this.#document.touch(snapshot));
  }

  /** Subscribes. Resolves to true when the store reports changes from now on. */
  subscribe(): Promise<boolean> {
    return this.feed.subscribe(
      this.#cache,
      this.#document.key,
      this.#node.context.parameters.storeDeadlineMs,
    );
  }

  /**
   * Subscribes, by a new subscription if the present one seems dead. No message reported what
   * changed between the last reading and the subscription, so the document is read again.
   */
  async subscribeAndRead(): Promise<void> {
    if (this.#mustRenew) this.feed.dropStale();
    this.#mustRenew = false;
    if (this.feed.isSubscribed || !(await this.subscribe())) return;
    this.#version = undefined;
    await this.read();
  }

  /** Switches to another environment's document, and refreshes nothing from now on. */
  consume(claim: Claim): void {
    this.#role = "consumer";
    this.#yieldsTo = claim;
    this.#turnTo(this.#home.at(claim.path));
  }

  /**
   * Switches back to this environment's own document, and refreshes it: the consumed environment
   * gave up its claim.
   */
  own(): void {
    this.#role = "owner";
    this.#yieldsTo = undefined;
    this.#turnTo(this.#home);
  }

  #turnTo(cache: Cache): void {
    this.feed.unsubscribe();
    this.#node.context.health.needsWrites = this.#role === "owner";
    // The cached credential belongs to the other document, which must not be repaired with it.
    this.#node.local.forget();
    this.#cache = cache;
    this.#document = new StoredDocument(this.#node.context, this.#node.storeClock, this.#cache);
    this.#version = undefined;
    this.#usedAtMs = undefined;
  }
}

/** Returns the same document. A credential that this process has already is kept once. */
function sharing(known: StoredCredential | undefined, { state, version }: Snapshot): Snapshot {
  return known !== undefined && isDeepStrictEqual(state?.credential, known)
    ? { state: state && { ...state, credential: known }, version }
    : { state, version };
}

/**
 * Returns the same text in memory of its own. A driver may have cut the version out of the whole
 * stored text, and such a part keeps the whole in memory.
 */
function copyOf(version: Snapshot["version"]): Snapshot["version"] {
  return Buffer.from(version).toString();
}
