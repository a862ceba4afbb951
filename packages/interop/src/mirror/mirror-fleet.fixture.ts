/**
 * A fleet that mirrors, on a manual clock, with the real credential and the memory store. The
 * platform's own log is the judge.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { expect } from "vitest";
import type { ConventionName } from "../conventions/conventions.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import { mirror } from "./mirror.ts";
import type { Mirror, MirrorOptions } from "./mirror.ts";
import { memoryRawStore } from "../store/memory-store.fixture.ts";
import type { MemoryRawStore } from "../store/memory-store.fixture.ts";

export const appId = "wx0123456789abcdef";
export const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
export const goKey: string = `gowechat_officialaccount__access_token_${appId}`;
export const javaKey: string = `wx:access_token:${appId}`;
const to: readonly ConventionName[] = ["silenceper/officialaccount", "wxjava/mp"];

interface Node {
  readonly client: Wechat;
  readonly mirror: Mirror;
  readonly events: MirrorEvent[];
}

export interface MirrorFleet {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly raw: MemoryRawStore;
  readonly nodes: readonly Node[];
  startAll(): Promise<void>;
  /** The tokens that the platform honours, newest last. */
  live(): readonly string[];
  /** Returns the id of the token under a key. */
  held(key: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Probes and reads reports only if the options say so, because a day of that takes seconds. */
export function mirrorFleet(
  nodes: number,
  options: Pick<MirrorOptions, "probeMs" | "reportMs"> = { probeMs: 0, reportMs: 0 },
): MirrorFleet {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts: [{ appId, secret }],
    latencyMs: 50,
  });
  const store = memoryStore({ clock });
  const raw = memoryRawStore(clock);
  const made = Array.from({ length: nodes }, (_, index): Node => {
    const name = `node-${index}`;
    const shared = { clock, random: seededRandom(name), lock: memoryLock(store, { clock }) };
    const fetch = simulator.fetchAs({ caller: name });
    const cache = memoryCache(store, { clock });
    const client = wechat({
      appId,
      secret,
      mode: "plain",
      environment: "prod",
      node: name,
      cache,
      fetch,
      ...shared,
    });
    const events: MirrorEvent[] = [];
    const onEvent = (event: MirrorEvent): void => void events.push(event);
    const settings = {
      ...shared,
      store: raw.as(name),
      to: to.map((convention) => ({ convention, appId })),
      onEvent,
      ...options,
    };
    const mirrored = mirror(client.credential, settings);
    return { client, mirror: mirrored, events };
  });
  const startAll = async (): Promise<void> => {
    const started = Promise.all(made.map((node) => node.mirror.start()));
    await clock.advance(10_000);
    expect(await started).toEqual(made.map(() => true));
  };
  const live = (): readonly string[] => simulator.operator.liveTokens(appId).map(({ id }) => id);
  const held = async (key: string): Promise<string | undefined> => {
    const text = await raw.get(key);
    return text === undefined ? undefined : simulator.operator.inspect(text)?.id;
  };
  const close = async (): Promise<void> => {
    for (const each of made) {
      await each.mirror.close();
      await each.client.close();
    }
  };
  return { clock, simulator, raw, nodes: made, startAll, live, held, close };
}
