/**
 * For tests: a third-party platform and its tenants against the simulator, on a manual clock, with
 * the requests that carry refresh tokens on record.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { MemoryStore } from "@lingpai/adapter-memory";
import { during as letTimePass, manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type {
  ComponentOptions,
  Push,
  Simulator,
  SimulatorOptions,
} from "@lingpai/wechat-simulator";
import { openPlatform } from "./open-platform.ts";
import type { OpenPlatform, OpenPlatformOptions } from "./open-platform.ts";
import type { Fetch } from "../transport/fetch.ts";
import type { PushReply } from "../push/push-response.ts";

export const componentAppId = "wxc0ffee0123456789";
export const tenantAppId = "wx0123456789abcdef";
export const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
export const messageToken = "message-token";
export const encodingAesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
export const endpoint = (name: string): string => `/cgi-bin/component/${name}`;

export interface Sent {
  readonly refreshToken: string;
  readonly atMs: number;
}

export interface PlatformWorld {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly store: MemoryStore;
  /** Every refresh token that any node sent, in order. */
  readonly sent: readonly Sent[];
  /** A node of the fleet. */
  node(name: string, options?: Partial<OpenPlatformOptions>): OpenPlatform;
  /** Lets the platform push the next ticket to this node. */
  pushTo(node: OpenPlatform): Promise<PushReply>;
  deliver(push: Push, node: OpenPlatform): Promise<PushReply>;
  /** Pushes a ticket, then redeems and stores the account's authorisation. */
  authorise(node: OpenPlatform, appId?: string): Promise<void>;
  /** Waits for the work, while the clock runs as fast as needed. */
  during<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function platformWorld(
  component: Partial<ComponentOptions> = {},
  options: SimulatorOptions = {},
): PlatformWorld {
  const clock = manualClock();
  const components = [
    { appId: componentAppId, secret, token: messageToken, encodingAesKey, ...component },
  ];
  const simulator = createSimulator({
    clock,
    random: seededRandom(11),
    components,
    latencyMs: 20,
    ...options,
  });
  const store = memoryStore({ clock });
  const sent: Sent[] = [];
  const nodes: OpenPlatform[] = [];
  const during: PlatformWorld["during"] = (work) => letTimePass(clock, work, 50);
  const deliver: PlatformWorld["deliver"] = (push, node) =>
    node.handlePush({ query: push.query, body: push.body });
  const pushTo: PlatformWorld["pushTo"] = (node) =>
    deliver(simulator.openPlatform.pushTicket(componentAppId), node);
  return {
    clock,
    simulator,
    store,
    sent,
    during,
    deliver,
    pushTo,
    node(name, more = {}) {
      const settings = {
        componentAppId,
        secret,
        messageToken,
        encodingAesKey,
        environment: "prod",
        node: name,
        clock,
      };
      const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
      const { fetch = simulator.fetchAs({ caller: name }), ...rest } = more;
      const node = openPlatform({
        ...settings,
        ...stores,
        random: seededRandom(name),
        fetch: recording(fetch, clock, sent),
        ...rest,
      });
      nodes.push(node);
      return node;
    },
    async authorise(node, appId = tenantAppId) {
      await pushTo(node);
      const { code } = simulator.openPlatform.authorize(componentAppId, appId);
      await during(node.authorize(code));
    },
    async close() {
      await Promise.all(nodes.splice(0).map((node) => node.close()));
    },
  };
}

/** A `fetch` that notes each refresh token it sends. */
function recording(fetch: Fetch, clock: ManualClock, sent: Sent[]): Fetch {
  return (input, init) => {
    const body = typeof init?.body === "string" ? init.body : "{}";
    const refreshToken: unknown = JSON.parse(body).authorizer_refresh_token;
    if (typeof refreshToken === "string") sent.push({ refreshToken, atMs: clock.worldMs() });
    return fetch(input, init);
  };
}
