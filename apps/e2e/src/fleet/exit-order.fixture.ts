/** What the test of processes that end by themselves tells each of them. */
export interface ExitOrder {
  readonly client: "config" | "ioredis" | "node-redis";
  readonly deployment: Deployment;
  readonly key: string;
  /** For a configuration. */
  readonly file: string;
}

export interface Deployment {
  readonly kind: "cluster" | "sentinel" | "standalone";
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Of the primary that the Sentinels watch. */
  readonly name: string;
}
