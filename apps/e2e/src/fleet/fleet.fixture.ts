/**
 * A fleet on a real server: each node with a client and a network link of its own, and the
 * platform's log as the judge.
 */
import { systemRandom } from "@lingpai/core";
import type { Cache, CredentialEvent, EventType, Parameters } from "@lingpai/core";
import { decodeState } from "@lingpai/core/internal/state";
import type { State } from "@lingpai/core/internal/state";
import { openLink, until } from "@lingpai/test-servers";
import type { Address, Link } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { Wechat, WechatOptions } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { expect, onTestFinished } from "vitest";
import type { Store } from "./redis-clients.fixture.ts";
import { Moments, tappedCache, tappedFetch, tappedLock } from "./refresh-steps.fixture.ts";

export const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

/** Short enough for a test to wait for, long enough for a busy machine. */
export const quick: Partial<Parameters> = {
  fetchDeadlineMs: 2_000,
  leaseMs: 3_000,
  networkDelayMs: 500,
  drainMs: 2_500,
  reconcileMs: 2_500,
  recheckMs: 1_000,
  recheckDueMs: 1_000,
};

export interface Fleet {
  readonly platform: Simulator;
  /** A fleet's own, because the registry of claims is shared by all that use a server. */
  readonly appId: string;
  /** The credential's key in the store. */
  readonly id: string;
  /** This fleet's own prefix in the store. */
  readonly scope: string;
  /** How many requests for a token the platform was sent so far. */
  fetches(): number;
  node(name: string, options?: NodeOptions): Promise<Node>;
  /** The document as it is stored now. */
  document(environment?: string): Promise<State | undefined>;
  /**
   * Resolves when all of them and the store hold the credential that the platform issued last, and
   * nobody doubts it.
   */
  settled(nodes: readonly Node[]): Promise<void>;
}

export interface NodeOptions extends Partial<Omit<WechatOptions, "cache" | "lock">> {
  /** Wraps the cache, to seal it. */
  readonly wrap?: (cache: Cache) => Cache;
}

export interface Node extends Wechat {
  readonly link: Link;
  readonly moments: Moments;
  readonly events: readonly CredentialEvent[];
  count(type: EventType): number;
}

/** How a fleet reaches its store. */
export interface Way {
  /** Where a node's own link leads, for a single server. */
  readonly address: Address;
  open(through: Address): Promise<Store>;
}

export async function fleet(way: Way, options: SimulatorOptions = {}): Promise<Fleet> {
  const appId = `wx${Array.from({ length: 16 }, () => Math.floor(16 * systemRandom.next()).toString(16)).join("")}`;
  const id = `wechat:plain:${appId}`;
  const platform = createSimulator({ accounts: [{ appId, secret }], ...options });
  const scope = `test-${systemRandom.id()}`;
  const observer = await way.open(way.address);
  onTestFinished(() => observer.close());
  await learnScripts(observer, scope);

  const document = async (environment = "production"): Promise<State | undefined> => {
    const entry = await observer.cache.withPrefix(scope).withPrefix(environment).get(id);
    return entry && decodeState(entry.value, id);
  };
  return {
    platform,
    appId,
    id,
    scope,
    document,
    fetches: () => platform.log.tally(appId).fetches,
    node: (name, given = {}) => startNode(way, platform, scope, { appId, node: name, ...given }),
    async settled(nodes) {
      await until("the fleet holds the platform's latest credential", async () => {
        const state = await document();
        const held = [
          state?.credential?.secret,
          ...nodes.map((node) => node.credential.peek()?.reveal()),
        ];
        const names = held.map((text) => platform.operator.inspect(text ?? "")?.id);
        const latest = platform.operator.latest(appId)?.id;
        if (state?.doubtSinceMs === undefined && names.every((name) => name === latest))
          return true;
        const { credential: _credential, ...rest } = state ?? {};
        throw new Error(
          `The latest is ${latest}; the store and the nodes hold ${names.join(", ")}. ${JSON.stringify(rest)}`,
        );
      });
    },
  };
}

/** So that the next command of each kind is its only one. */
async function learnScripts({ cache, lock }: Store, scope: string): Promise<void> {
  await until("the server answers", () => cache.withPrefix(scope).set("warm-up", "1"));
  await cache.withPrefix(scope).get("warm-up");
  await lock.withPrefix(scope).tryAcquire("warm-up", "nobody", 1_000);
  await lock.withPrefix(scope).extend("warm-up", "nobody", 1_000);
  await lock.withPrefix(scope).release("warm-up", "nobody");
}

async function startNode(
  way: Way,
  platform: Simulator,
  scope: string,
  {
    wrap = (cache) => cache,
    ...options
  }: NodeOptions & { readonly appId: string; readonly node: string },
): Promise<Node> {
  const link = await openLink(way.address);
  const store = await way.open(link);
  const moments = new Moments();
  const client = wechat({
    secret,
    mode: "plain",
    environment: "production",
    cache: tappedCache(wrap(store.cache.withPrefix(scope)), moments),
    lock: tappedLock(store.lock.withPrefix(scope), moments),
    parameters: quick,
    fetch: tappedFetch(platform.fetchAs({ caller: options.node }), moments),
    ...options,
  });
  const events: CredentialEvent[] = [];
  client.credential.watch((event) => events.push(event));
  onTestFinished(async () => {
    await link.heal();
    await client.close();
    await store.close();
    await link.close();
  });
  return Object.assign(client, {
    link,
    moments,
    events,
    count: (type: EventType) => events.filter((event) => event.type === type).length,
  });
}

/** The platform accepts a call of each node at once, without a second attempt. */
export async function expectAccepted(platform: Simulator, nodes: readonly Wechat[]): Promise<void> {
  const { seq } = platform.log;
  await Promise.all(
    nodes.map((node) => node.request("/cgi-bin/user/info", { query: { openid: "o" } })),
  );
  expect(platform.log.calls({ afterSeq: seq }).map(({ code }) => code)).toEqual(nodes.map(() => 0));
}
