/** The members that are used of peers without types for TypeScript. */

declare module "redlock" {
  import type { Redis } from "ioredis";

  export default class Redlock {
    constructor(clients: Iterable<Redis>);
    acquire(resources: string[], durationMs: number): Promise<{ release(): Promise<unknown> }>;
  }
}

declare module "co-wechat-api" {
  interface Token {
    readonly accessToken: string;
    readonly expireTime: number;
  }

  export default class Api {
    /** The base URL of requests, with a trailing slash. */
    prefix: string;
    constructor(
      appId: string,
      secret: string,
      getToken: () => Promise<Token | null>,
      saveToken: (token: Token | null) => Promise<void>,
    );
    getUser(options: { openid: string; lang: string }): Promise<unknown>;
  }
}
