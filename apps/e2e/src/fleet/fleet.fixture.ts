/**
 * A fleet on a real server. Each node has its own client and network link; the platform's log
 * decides.
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
import { StepHooks, hookedCache, hookedFetch, hookedLock } from "./refresh-steps.fixture.ts";

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
  /** Each fleet has its own AppID, because all users of a server share its registry of claims. */
  readonly appId: string;
  /** The credential's key in the store. */
  readonly id: string;
  /** This fleet's own prefix in the store. */
  readonly scope: string;
  /** The number of token requests so far. */
  fetches(): number;
  node(name: string, options?: NodeOptions): Promise<Node>;
  /** Reads the stored document. */
  document(environment?: string): Promise<State | undefined>;
  /**
   * Resolves when all nodes and the store have the platform's latest credential, and the document
   * is not in doubt.
   */
  settled(nodes: readonly Node[]): Promise<void>;
}

export interface NodeOptions extends Partial<Omit<WechatOptions, "cache" | "lock">> {
  /** Wraps the cache, to seal it. */
  readonly wrap?: (cache: Cache) => Cache;
}

export interface Node extends Wechat {
  readonly link: Link;
  readonly steps: StepHooks;
  readonly events: readonly CredentialEvent[];
  count(type: EventType): number;
}

/** How a fleet reaches its store. */
export interface StoreAccess {
  /** The address that the link of a node leads to, for a single server. */
  readonly address: Address;
  open(through: Address): Promise<Store>;
}

export async function fleet(access: StoreAccess, options: SimulatorOptions = {}): Promise<Fleet> {
  const appId = `wx${Array.from({ length: 16 }, () => Math.floor(16 * systemRandom.next()).toString(16)).join("")}`;
  const id = `wechat:plain:${appId}`;
  const platform = createSimulator({ accounts: [{ appId, secret }], ...options });
  const scope = `test-${systemRandom.id()}`;
  const observer = await access.open(access.address);
  onTestFinished(() => observer.close());
  await loadScripts(observer, scope);

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
    node: (name, nodeOptions = {}) =>
      startNode(access, platform, scope, { appId, node: name, ...nodeOptions }),
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

/** Loads the scripts, so that the next command of each kind is sent once. */
async function loadScripts({ cache, lock }: Store, scope: string): Promise<void> {
  await until("the server answers", () => cache.withPrefix(scope).set("warm-up", "1"));
  await cache.withPrefix(scope).get("warm-up");
  await lock.withPrefix(scope).tryAcquire("warm-up", "nobody", 1_000);
  await lock.withPrefix(scope).extend("warm-up", "nobody", 1_000);
  await lock.withPrefix(scope).release("warm-up", "nobody");
}

async function startNode(
  access: StoreAccess,
  platform: Simulator,
  scope: string,
  {
    wrap = (cache) => cache,
    ...options
  }: NodeOptions & { readonly appId: string; readonly node: string },
): Promise<Node> {
  const link = await openLink(access.address);
  const store = await access.open(link);
  const steps = new StepHooks();
  const client = wechat({
    secret,
    mode: "plain",
    environment: "production",
    cache: hookedCache(wrap(store.cache.withPrefix(scope)), steps),
    lock: hookedLock(store.lock.withPrefix(scope), steps),
    parameters: quick,
    fetch: hookedFetch(platform.fetchAs({ caller: options.node }), steps),
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
    steps,
    events,
    count: (type: EventType) => events.filter((event) => event.type === type).length,
  });
}

/** Expects that the platform accepts a call of each node at the first attempt. */
export async function expectAccepted(platform: Simulator, nodes: readonly Wechat[]): Promise<void> {
  const { seq } = platform.log;
  await Promise.all(
    nodes.map((node) => node.request("/cgi-bin/user/info", { query: { openid: "o" } })),
  );
  expect(platform.log.calls({ afterSeq: seq }).map(({ code }) => code)).toEqual(nodes.map(() => 0));
}
