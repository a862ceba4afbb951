/** The members of ioredis clients that the shared code uses. */

/** The part of a `Redis` of ioredis that is used, for a single server or through Sentinel. */
export interface IoredisClient extends IoredisCommands {
  readonly status: string;
  /** A wrapper may lack them. */
  readonly options?: IoredisSettings;
  /** The present connection, for its address. */
  readonly stream?: IoredisStream;
  disconnect?(reconnect?: boolean): void;
  call(command: string, ...args: string[]): Promise<unknown>;
  duplicate(override?: IoredisOverride): IoredisSubscriber;
}

/** The part of a `Cluster` of ioredis that is used. */
export interface IoredisCluster extends IoredisCommands {
  readonly options: IoredisClusterSettings;
  refreshSlotsCache?(callback?: () => void): void;
  nodes(role: "master" | "all"): IoredisClient[];
}

/** The options of a client that are read. */
export interface IoredisSettings {
  readonly keyPrefix?: string | undefined;
  readonly sentinels?: unknown;
  readonly failoverDetector?: boolean | undefined;
  readonly socketTimeout?: number | undefined;
}

export interface IoredisClusterSettings {
  readonly keyPrefix?: string | undefined;
  /** `keyPrefix` is not read: ioredis before 5.6 has no `socketTimeout`, and one must be common. */
  readonly redisOptions?: Pick<IoredisSettings, "keyPrefix" | "socketTimeout"> | undefined;
}

export interface IoredisStream {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  unref?(): unknown;
}

export interface IoredisCommands {
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
}

/** Optional, because the types of ioredis 5.0 allow no `keepAlive` beside a present @types/node. */
export interface IoredisOverride {
  keyPrefix?: string;
  lazyConnect?: boolean;
  autoResubscribe?: boolean;
  disableClientInfo?: boolean;
  enableReadyCheck?: boolean;
  enableAutoPipelining?: boolean;
  keepAlive?: number;
  retryStrategy?: (times: number) => number | void | null;
}

export interface IoredisSubscriber {
  readonly stream?: IoredisStream;
  connect(): Promise<void>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string, payload: string) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "close", listener: () => void): unknown;
}
