/**
 * A fleet as it is deployed: each node has its own Redis client, the platform is reached over HTTP,
 * and its log is the auditor.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import type { IoredisClient, IoredisCluster } from "@lingpai/adapter-ioredis";
import { systemRandom } from "@lingpai/core";
import type { CredentialEvent } from "@lingpai/core";
import { wechat } from "@lingpai/wechat";
import type { Wechat, WechatOptions } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { Redis } from "ioredis";

export const userInfo = "/cgi-bin/user/info?openid=o1";

export interface Node {
  readonly name: string;
  readonly client: Wechat;
  readonly events: readonly CredentialEvent[];
  /** Makes one business call. */
  call(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Outcome {
  readonly failed: number;
  /** Token requests of this fleet that reached the platform meanwhile. */
  readonly fetches: number;
  /** Business calls that the platform refused meanwhile. */
  readonly refused: number;
}

export interface HttpFleet extends AsyncDisposable {
  readonly appId: string;
  readonly secret: string;
  readonly simulator: Simulator;
  /**
   * Creates a node with its own connection to this server. The platform's log shows its name as
   * `caller`.
   */
  node(name: string, redisUrl: string, options?: Partial<WechatOptions>): Node;
  /** Creates a node on a client that the test creates and closes. */
  nodeOn(
    name: string,
    redis: IoredisClient | IoredisCluster,
    options?: Partial<WechatOptions>,
  ): Node;
  /** Makes `callers` calls of each node at once. */
  load(nodes: readonly Node[], callers: number): Promise<Outcome>;
  /** Token requests of this fleet so far. */
  fetches(): number;
}

export async function openHttpFleet(options: SimulatorOptions = {}): Promise<HttpFleet> {
  const appId = `wx${Buffer.from(systemRandom.id(), "base64url").toString("hex").slice(0, 16)}`;
  const secret = "0123456789abcdef0123456789abcdef";
  const simulator = createSimulator({
    accounts: [{ appId, secret }],
    latencyMs: [10, 30],
    ...options,
  });
  const server = await listen(simulator);
  const nodes: Node[] = [];

  const nodeOn: HttpFleet["nodeOn"] = (name, redis, more = {}) => {
    const node = nodeOf(name, redis, { appId, secret, baseUrl: server.url, ...more });
    nodes.push(node);
    return node;
  };

  const fetchesAfter = (afterSeq: number): number =>
    simulator.log
      .entries({ kind: "issue", appId, afterSeq })
      .filter(({ caller }) => caller !== "foreign").length;

  return {
    appId,
    secret,
    simulator,
    nodeOn,
    node(name, redisUrl, more) {
      const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
      redis.on("error", () => {});
      const node = nodeOn(name, redis, more);
      const close = async (): Promise<void> => {
        await node.client.close();
        redis.disconnect();
      };
      const owning = { ...node, close };
      nodes[nodes.indexOf(node)] = owning;
      return owning;
    },
    async load(fleet, callers) {
      const afterSeq = simulator.log.seq;
      const calls = fleet.flatMap((node) => Array.from({ length: callers }, () => node.call()));
      const failed = (await Promise.allSettled(calls)).filter(
        ({ status }) => status === "rejected",
      ).length;
      return {
        failed,
        fetches: fetchesAfter(afterSeq),
        refused: simulator.log.calls({ appId, ok: false, afterSeq }).length,
      };
    },
    fetches: () => fetchesAfter(0),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()));
      await server.close();
    },
  };
}

function nodeOf(
  name: string,
  redis: IoredisClient | IoredisCluster,
  options: Pick<WechatOptions, "appId" | "secret"> & Partial<WechatOptions>,
): Node {
  const client = wechat({
    mode: "plain",
    environment: "production",
    node: name,
    cache: ioredisCache(redis),
    lock: ioredisLock(redis),
    fetch: fetchAs(name),
    ...options,
  });
  const events: CredentialEvent[] = [];
  client.credential.watch((event) => void events.push(event));
  return {
    name,
    client,
    events,
    call: () => client.request(userInfo),
    close: () => client.close(),
  };
}

/** Returns the global `fetch` with a header that shows this name in the platform's log. */
function fetchAs(name: string): typeof fetch {
  return (input, init) => {
    const request = new Request(input, init);
    request.headers.set("x-lingpai-node", name);
    return fetch(request);
  };
}
