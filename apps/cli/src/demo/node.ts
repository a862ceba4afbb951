/** A node of one environment, as an application uses its SDK. */
import { CredentialConflictError, type Cache, type Lock } from "@lingpai/core";
import { wechat, WechatApiError } from "@lingpai/wechat";
import type { NodeSpec } from "./protocol.ts";

export interface DemoNode {
  /** Does what the application does at its start, and returns the result. */
  boot(): Promise<void>;
  /** Makes one business call. Rejects with the code that the application gets. */
  call(): Promise<void>;
  /** The reasons of its fetches, in order. */
  readonly reasons: readonly string[];
  close(): Promise<void>;
}

export interface NodeStore {
  readonly cache: Cache;
  readonly lock: Lock;
}

const businessPath = "/cgi-bin/user/info?openid=o-demo";

/** The failure of a business call, as the application gets it. */
export class CallFailure extends Error {
  readonly code: string;

  constructor(code: string, cause?: unknown) {
    super(`The call failed with ${code}.`, { cause });
    this.code = code;
  }
}

/**
 * The setup of the incident report: a mutex in each process, and the token in a cache under the
 * environment's own prefix, trusted for its TTL. It has no lock between processes and no retry, and
 * fetches at start-up if the cache is empty.
 */
export function naiveNode(spec: NodeSpec, { cache }: NodeStore): DemoNode {
  const own = cache.withPrefix(spec.environment);
  const key = `gowechat_officialaccount_access_token_${spec.appId}`;
  const headers = { "user-agent": spec.node };
  const reasons: string[] = [];
  let mutex: Promise<unknown> = Promise.resolve();

  const cachedOrFetched = async (): Promise<string> => {
    const cached = await own.get(key);
    if (cached !== undefined) return cached.value;
    reasons.push("its cache was empty");
    const url = `${spec.platformUrl}/cgi-bin/token?grant_type=client_credential&appid=${spec.appId}&secret=${spec.secret}`;
    const answer = (await (await fetch(url, { headers })).json()) as {
      access_token: string;
      expires_in: number;
    };
    await own.set(key, answer.access_token, { ttlMs: (answer.expires_in - 1500) * 1000 });
    return answer.access_token;
  };
  const token = (): Promise<string> => {
    const turn = mutex.then(cachedOrFetched);
    mutex = turn.catch(() => {});
    return turn;
  };

  return {
    reasons,
    async boot() {
      await token();
    },
    async call() {
      const response = await fetch(
        `${spec.platformUrl}${businessPath}&access_token=${await token()}`,
        { headers },
      );
      const { errcode } = (await response.json()) as { errcode?: number };
      if (errcode) throw new CallFailure(String(errcode));
    },
    close: async () => {},
  };
}

export function lingpaiNode(spec: NodeSpec, { cache, lock }: NodeStore): DemoNode {
  const { appId, environment, node, overlapMs, platformUrl, secret } = spec;
  const client = wechat({
    appId,
    secret,
    mode: spec.contender === "lingpai plain" ? "plain" : "stable",
    overlapMs,
    environment,
    node,
    cache,
    lock,
    // The development instance uses production's token and never fetches. The default would be a
    // conflict error.
    ...(spec.contender === "lingpai plain" && environment === "development"
      ? { onConflict: "consume" as const }
      : {}),
    baseUrl: platformUrl,
    parameters: { storeDeadlineMs: 5_000, leaseMs: 18_000 },
    fetch: (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), "user-agent": node },
      }),
  });
  const reasons: string[] = [];
  client.credential.watch((event) => {
    if (event.type === "refreshed") reasons.push(explain[event.reason]);
  });
  return {
    reasons,
    async boot() {
      await client.token();
    },
    async call() {
      try {
        await client.request(businessPath);
      } catch (error) {
        throw new CallFailure(codeOf(error), error);
      }
    },
    close: () => client.close(),
  };
}

const explain = {
  cold: "the fleet had none",
  expired: "it had expired",
  rejected: "the platform refused it",
  advisory: "ahead of expiry",
  mandatory: "close to expiry",
  reconcile: "to end a doubt",
  manual: "asked to",
} as const;

function codeOf(error: unknown): string {
  if (error instanceof WechatApiError) return String(error.errcode);
  if (error instanceof CredentialConflictError) return error.code;
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
