/** The interface between the shared code and a client library. Each adapter implements it once. */
import type { OpenSubscriber } from "./subscriptions.ts";
import type { Script } from "./scripts.ts";

export interface RedisPort {
  /** Shown in errors: `ioredis`. */
  readonly kind: string;
  /** True for a Cluster. The client's own key prefix must then not contain a hash tag. */
  readonly isCluster: boolean;
  /**
   * The prefix that the client adds to every key. Undefined if the client does not say: the server
   * is then asked.
   */
  readonly keyPrefix?: string | undefined;
  /**
   * The channels on which the library publishes commands with their arguments, plain or tracing
   * ones: `ioredis:command`.
   */
  readonly traceChannels: readonly string[];
  /** Sends EVALSHA to the primary of the keys. The client may add its own prefix to them. */
  evalsha(script: Script, keys: string[], args: string[]): Promise<unknown>;
  /** Sends EVAL to the primary of the keys. */
  eval(script: Script, keys: string[], args: string[]): Promise<unknown>;
  /**
   * Returns the primaries in any order, for commands without keys. It is called after the client
   * has proved to be connected.
   */
  primaries(): readonly NodePort[] | Promise<readonly NodePort[]>;
  /**
   * Looks for the primary that took over, if the client does not do so by itself while the
   * connection to a frozen primary stays open. `name` is a name that was used last. It is harmless
   * if the server is only slow. Undefined if no other server can take over.
   */
  recover?(name: string): Promise<void>;
  /** Names the settings that keep the client at a frozen primary, and the remedy. */
  readonly frozenWarning?: string | undefined;
  /**
   * Opens a separate connection for subscriptions. Undefined if the client has none, as over HTTP:
   * changes are then polled.
   */
  readonly openSubscriber?: OpenSubscriber;
}

export interface NodePort {
  /** Sends one command without a key: SCAN, INFO. */
  command(...parts: string[]): Promise<unknown>;
}
