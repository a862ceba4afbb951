/**
 * Where this process reads the fleet's document, and in which role: both change when it turns out
 * to consume another environment's.
 */
import type { Cache } from "../cache/cache.ts";
import { overlapOf } from "../parameters.ts";
import type { Claim } from "./claim-registry.ts";
import { StoredDocument, type Snapshot } from "./document.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { FleetNode } from "./node.ts";

/**
 * Up to here all nodes may read at once when the document changes; above, they spread it over a
 * time far below the overlap.
 */
const smallFleet = 200;
const spreadMaxMs = 20_000;

export type Role = "owner" | "consumer";

export class DocumentSource {
  readonly feed: ChangeFeed;
  readonly #node: FleetNode;
  readonly #onRecovered: () => void;
  /** Where this environment's own documents lie. */
  readonly #home: Cache;
  #cache: Cache;
  #role: Role;
  #yieldsTo: Claim | undefined;
  #document: StoredDocument;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #version: Snapshot["version"] | undefined;
  #usedAtMs: number | undefined;
  /**
   * Whether a reading has shown a change of which there was no news: the subscription may have died
   * in silence.
   */
  #isStale = false;
  #mustRenew = false;

  /** @param onRecovered called when the store answers again after it did not. */
  constructor(node: FleetNode, cache: Cache, role: Role, onRecovered: () => void) {
    this.#node = node;
    this.#onRecovered = onRecovered;
    this.#home = cache;
    this.#cache = cache;
    this.#role = role;
    node.context.health.needsWrites = role === "owner";
    this.#document = new StoredDocument(node.context, node.storeClock, cache, onRecovered);
    const { clock, parameters, random, issuer } = node.context;
    const spreadMs =
      parameters.fleetSize > smallFleet ? Math.min(spreadMaxMs, overlapOf(issuer) / 15) : 0;
    this.feed = new ChangeFeed({
      clock,
      reread: () => this.read(),
      delayMs: () => spreadMs * random.next(),
    });
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

  /** When the document was last asked for, on the monotonic clock. */
  get lastReadMs(): number {
    return this.#lastReadMs;
  }

  /** When a node that may not refresh last said, in the document, that it uses the credential. */
  get usedAtMs(): number | undefined {
    return this.#usedAtMs;
  }

  /** Whether the store tells of changes, as far as is known here. */
  get hasPush(): boolean {
    return this.feed.isSubscribed && !this.#isStale;
  }

  /** Reads the document and takes over what it holds. */
  async read(): Promise<Snapshot> {
    const sinceMs = this.#lastReadMs;
    this.#lastReadMs = this.#node.context.clock.monotonicMs();
    const document = this.#document;
    const snapshot = await document.read();
    if (this.#version !== undefined && this.#version !== snapshot.version) {
      this.#isStale = !this.feed.hasReceivedSince(sinceMs);
      this.#mustRenew = this.#isStale;
    }
    this.#version = snapshot.version;
    this.#node.takeover.waitMs(snapshot.state);
    this.#usedAtMs = snapshot.state?.usedAtMs;
    this.#node.adoption.adoptNewer(snapshot, document);
    return snapshot;
  }

  /**
   * While the store answers reads only, it is shown that it takes writes again by writing: now and
   * then, and nothing new.
   */
  async proveWrites(snapshot: Snapshot): Promise<void> {
    const { health } = this.#node.context;
    if (health.refusesWrites && this.#role === "owner")
      await health.prove(() => this.#document.touch(snapshot));
  }

  /** Whether the store tells of changes from now on. */
  listen(): Promise<boolean> {
    return this.feed.listen(
      this.#cache,
      this.#document.key,
      this.#node.context.parameters.storeDeadlineMs,
    );
  }

  /**
   * Listens from now on, by a new subscription where the present one seems dead. What changed
   * between the last reading and the first news was told to nobody here, so the document is read
   * again.
   */
  async follow(): Promise<void> {
    if (this.#mustRenew) this.feed.renew();
    this.#mustRenew = false;
    if (this.feed.isSubscribed || !(await this.listen())) return;
    this.#version = undefined;
    await this.read();
  }

  /** Reads another environment's document from now on, and refreshes nothing. */
  consume(claim: Claim): void {
    this.#role = "consumer";
    this.#yieldsTo = claim;
    this.#turnTo(this.#home.at(claim.path));
  }

  /**
   * Reads this environment's own document again, and refreshes it: the environment that was
   * consumed has given up its claim.
   */
  own(): void {
    this.#role = "owner";
    this.#yieldsTo = undefined;
    this.#turnTo(this.#home);
  }

  #turnTo(cache: Cache): void {
    this.feed.unsubscribe();
    this.#node.context.health.needsWrites = this.#role === "owner";
    // It is the other document's: this one must not be repaired with it.
    this.#node.local.forget();
    this.#cache = cache;
    this.#document = new StoredDocument(
      this.#node.context,
      this.#node.storeClock,
      this.#cache,
      this.#onRecovered,
    );
    this.#version = undefined;
  }
}
