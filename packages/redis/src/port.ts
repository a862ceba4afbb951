/** What the shared code needs of a client library. Each adapter writes this once. */
import type { OpenSubscriber } from "./subscriptions.ts";
import type { Script } from "./scripts.ts";

export interface RedisPort {
  /** Shown in errors: `ioredis`. */
  readonly kind: string;
  /** A Cluster: a key prefix of the client's own must then leave our hash tag alone. */
  readonly isCluster: boolean;
  /**
   * What the client puts before every key by itself, where it tells; undefined: the server is
   * asked.
   */
  readonly keyPrefix?: string | undefined;
  /**
   * The tracing channels on which the library publishes commands with their arguments:
   * `ioredis:command`.
   */
  readonly traceChannels: readonly string[];
  /** EVALSHA on the primary that holds the keys. The client may add a prefix of its own to them. */
  evalsha(script: Script, keys: string[], args: string[]): Promise<unknown>;
  /** EVAL, likewise. */
  eval(script: Script, keys: string[], args: string[]): Promise<unknown>;
  /**
   * The node-wide commands of each primary, in no order. Called after the client has proved to be
   * connected.
   */
  primaries(): readonly NodePort[] | Promise<readonly NodePort[]>;
  /**
   * Looks for the primary that took over, where the client would not by itself while the connection
   * to a frozen one stays open. `name` is one that was asked for. Harms nothing where the server is
   * only slow. Undefined where there is nobody to take over.
   */
  recover?(name: string): Promise<void>;
  /** What in the client's settings keeps it at a frozen primary, and what to set instead. */
  readonly frozenWarning?: string | undefined;
  /**
   * Opens a connection for subscriptions, of its own. Undefined where the client has none, as over
   * HTTP: changes are then asked for.
   */
  readonly openSubscriber?: OpenSubscriber;
}

export interface NodePort {
  /** One command that names no key: SCAN, INFO. */
  command(...parts: string[]): Promise<unknown>;
}
