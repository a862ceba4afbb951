/**
 * Mirrors during a war over the AppID: the targets always find the token that the fleet uses, and
 * never one that the war has killed.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { CredentialEvent } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { expect, onTestFinished, test } from "vitest";
import type { ConventionName } from "../conventions/conventions.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import { mirror } from "./mirror.ts";
import { memoryRawStore } from "../store/memory-store.fixture.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const conventions = [
  "silenceper/officialaccount",
  "wxjava/mp",
] as const satisfies readonly ConventionName[];
const keys = [`gowechat_officialaccount__access_token_${appId}`, `wx:access_token:${appId}`];
const minuteMs = 60_000;

function contendedFleet(onContention: "report" | "stable") {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(7),
    accounts: [{ appId, secret }],
    latencyMs: 50,
    overlapMs: 0,
  });
  const store = memoryStore({ clock });
  const raw = memoryRawStore(clock);
  const events: (CredentialEvent | MirrorEvent)[] = [];
  const nodes = ["n0", "n1", "n2"].map((name) => {
    const cache = memoryCache(store, { clock });
    const shared = { clock, random: seededRandom(name), lock: memoryLock(store, { clock }) };
    const fetch = simulator.fetchAs({ caller: name });
    const own = {
      appId,
      secret,
      mode: "plain",
      overlapMs: 0,
      environment: "prod",
      node: name,
      onContention,
    } as const;
    const client = wechat({ ...own, ...shared, cache, fetch });
    const to = conventions.map((convention) => ({ convention, appId }));
    const mirrored = mirror(client.credential, {
      ...shared,
      store: raw.as(name),
      to,
      onEvent: (event) => events.push(event),
    });
    client.credential.watch((event) => events.push(event));
    onTestFinished(async () => {
      await mirrored.close();
      await client.close();
    });
    return { client, mirror: mirrored };
  });
  const kind = async (key: string): Promise<string> => {
    const text = await raw.get(key);
    const token = text === undefined ? undefined : simulator.operator.inspect(text);
    return token?.alive === true ? token.kind : "none that lives";
  };
  const call = (): void => {
    for (const { client } of nodes)
      client.request("/cgi-bin/user/info", { query: { openid: "o" } }).catch(() => {});
  };
  return { call, clock, events, kind, nodes, simulator };
}

test.each(["by a war over the AppID", "by an operator"])(
  "mirrors follow a fleet to the stable token and back, when it is switched %s",
  async (taken) => {
    const isByContention = taken === "by a war over the AppID";
    const { call, clock, events, kind, nodes, simulator } = contendedFleet(
      isByContention ? "stable" : "report",
    );
    const kinds = (): Promise<string[]> => Promise.all(keys.map(kind));
    const onFallback = (): boolean[] =>
      nodes.map(({ client }) => client.credential.status().onFallback);
    const issueElsewhere = (): void =>
      void simulator.operator.foreignIssue(appId, { kind: "plain", caller: "attacker" });
    const started = Promise.all(nodes.map((node) => node.mirror.start()));
    await clock.advance(10_000);
    await started;
    expect(await kinds()).toEqual(["plain", "plain"]);

    // Somebody else fetches every minute, and the calls find out.
    for (let passedMs = 0; passedMs < 3 * minuteMs; passedMs += 5_000) {
      if (passedMs % minuteMs === 0) issueElsewhere();
      call();
      await clock.advance(5_000);
    }
    if (!isByContention) nodes[0]!.client.credential.useFallback(true).catch(() => {});
    await clock.advance(minuteMs);
    expect([await kinds(), onFallback()]).toEqual([
      ["stable", "stable"],
      [true, true, true],
    ]);
    expect(events.filter(({ type }) => type === "switched")).toHaveLength(1);

    // From here on the war affects neither the fleet nor its targets, not even at a renewal.
    for (let minute = 0; minute < 130; minute += 5) {
      issueElsewhere();
      call();
      await clock.advance(5 * minuteMs);
      expect(await kinds(), `after ${minute} min`).toEqual(["stable", "stable"]);
    }

    nodes[1]!.client.credential.useFallback(false).catch(() => {});
    await clock.advance(minuteMs);
    expect([await kinds(), onFallback()]).toEqual([
      ["plain", "plain"],
      [false, false, false],
    ]);
    expect(events.map(({ type }) => type)).not.toContain("overwritten");
  },
);
