import { revealed } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import { emptyState, type State } from "@lingpai/core/internal/state";
import { describe, expect, it } from "vitest";
import { DocumentAudit, type Finding } from "./document-audit.ts";
import { Primary } from "../store/primary.ts";
import { Process } from "../world/process.ts";
import type { RequestDelivery } from "../platform/request-delivery.ts";
import { Wechat, type Fetch } from "../platform/wechat.ts";
import { World } from "../world/world.ts";

/** A platform to which requests take `beforeMs`, and an audit of the documents that are written. */
function scene(beforeMs: number) {
  const world = new World(1_000_000, 10);
  const process = new Process(world, { name: "node-1.1", wallOffsetMs: 0, bootedAtMs: 0 });
  const delivery = (): RequestDelivery => ({ beforeMs, afterMs: 10, fate: "answered" });
  const options = {
    world,
    random: seededRandom("platform"),
    kind: "plain" as const,
    overlapMs: 300_000,
    quotaPerDay: 100,
    delivery,
    onSent: () => {},
  };
  const wechat: Wechat = new Wechat({
    ...options,
    onProcessed: (fetch: Fetch) => audit.issued(fetch),
  });
  const identity = { secret: wechat.secret, address: "node-1" };
  const audit: DocumentAudit = new DocumentAudit(wechat, () => world.nowMs);
  const primary = new Primary(() => world.nowMs, 0);
  const write = (state: State): readonly Finding[] =>
    audit.executed({
      process,
      primary,
      command: "set",
      name: "production:{key}",
      value: JSON.stringify(state),
      result: { written: true },
    });
  const request = {
    signal: new AbortController().signal,
    reason: "cold",
    forced: false,
    current: undefined,
    parent: undefined,
  } as const;
  const ask = async (): Promise<string> => {
    const answer = wechat.issuer(process, identity).issue(request);
    await world.runUntil(world.nowMs + beforeMs + 20);
    return revealed((await answer).secret);
  };
  return {
    world,
    wechat,
    audit,
    write,
    ask,
    leave: () => void wechat.issuer(process, identity).issue(request),
  };
}

function holding(secret: string, more: Partial<State> = {}): State {
  const by = { node: "node-1.1", environment: "production", reason: "cold" } as const;
  const instants = { sentAtMs: 1_000_000, issuedAtMs: 1_000_000, expiresAtMs: 8_200_000 };
  return {
    ...emptyState,
    credential: {
      generation: 1,
      epoch: 1,
      commitId: secret,
      secret,
      fingerprint: secret.slice(0, 16),
      by,
      ...instants,
    },
    ...more,
  };
}

describe("the audit of documents", () => {
  it("reports a token that an earlier one replaces, unless the document is in doubt", async () => {
    const { ask, write } = scene(50);
    const [first, second] = [await ask(), await ask()];
    expect(write(holding(second))).toEqual([]);
    expect(write(holding(first))).toMatchObject([{ promise: "2" }]);
    write(holding(second));
    expect(write(holding(first, { doubtSinceMs: 1 }))).toEqual([]);
  });

  it("reports a token that gets another generation when it is returned again", async () => {
    const { ask, write } = scene(50);
    const { credential } = holding(await ask());
    write({ ...emptyState, credential: credential! });
    expect(
      write({ ...emptyState, credential: { ...credential!, commitId: "again", generation: 2 } }),
    ).toMatchObject([{ promise: "I32" }]);
  });

  it("reports a commit without a doubt while another request is in flight", async () => {
    const { ask, audit, leave, wechat, write } = scene(5_000);
    const secret = await ask();
    leave();
    // So far the request is one of another environment, which has a document of its own.
    expect(write(holding(secret))).toEqual([]);
    write(holding("between"));
    audit.hasIntent(wechat.fetches.at(-1)!);
    expect(write(holding(secret))).toMatchObject([{ promise: "I7" }]);
    expect(write(holding("other", { intent: { epoch: 2, operationId: "b", atMs: 1 } }))).toEqual(
      [],
    );
  });

  it("knows whether a process wrote an intent before its request", () => {
    const { audit, wechat, leave, write } = scene(50);
    leave();
    const [fetch] = wechat.fetches;
    expect(audit.hasIntent(fetch!)).toBe(false);
    write({ ...emptyState, intent: { epoch: 1, operationId: "a", atMs: 1 } });
    expect(audit.hasIntent(fetch!)).toBe(true);
    expect(audit.hasIntent(fetch!)).toBe(false);
  });
});
