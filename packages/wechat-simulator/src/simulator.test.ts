import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { appId, json, network, secret, tokenFrom, tokenUrl } from "./world.fixture.ts";

describe("the caller", () => {
  test("is named by its bound fetch, else by x-lingpai-node, else by user-agent", async () => {
    const { simulator } = network();
    await simulator.fetchAs({ caller: "bound" })(tokenUrl, {
      headers: { "x-lingpai-node": "node-1" },
    });
    await simulator.fetch(tokenUrl, {
      headers: { "x-lingpai-node": "node-1", "user-agent": "agent" },
    });
    await simulator.fetch(tokenUrl, { headers: { "user-agent": "agent" } });
    await simulator.fetch(tokenUrl);
    expect(simulator.log.issues(appId).map(({ caller }) => caller)).toEqual([
      "bound",
      "node-1",
      "agent",
      "",
    ]);
  });

  test("is checked by its bound address, else by the first of x-forwarded-for", async () => {
    const { simulator } = network();
    simulator.operator.setAllowList(appId, ["10.0.0.1"]);
    expect(await json(simulator.fetch(tokenUrl))).toMatchObject({ errcode: 40164 });
    expect(await json(simulator.fetchAs({ ip: "10.0.0.1" })(tokenUrl))).toHaveProperty(
      "access_token",
    );
    expect(
      await json(
        simulator.fetch(tokenUrl, { headers: { "x-forwarded-for": "10.0.0.1, 10.9.9.9" } }),
      ),
    ).toHaveProperty("access_token");
  });
});

describe("latency", () => {
  test("is spent half before the platform processes the request and half after", async () => {
    const { simulator, clock } = network({ latencyMs: 100 });
    const startMs = clock.wallMs();
    const response = simulator.fetch(tokenUrl);
    await clock.advance(99);
    expect(simulator.log.issues(appId)).toMatchObject([{ atMs: startMs + 50 }]);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect((await response).status).toBe(200);
  });

  test("is drawn from a range when one is given", async () => {
    const { simulator, clock } = network({ latencyMs: [60, 180] });
    const startMs = clock.wallMs();
    const responses = Array.from({ length: 20 }, () => simulator.fetch(tokenUrl));
    await clock.advance(180);
    await Promise.all(responses);
    const delaysMs = simulator.log.issues(appId).map(({ atMs }) => atMs - startMs);
    expect(Math.min(...delaysMs)).toBeGreaterThanOrEqual(29);
    expect(Math.max(...delaysMs)).toBeLessThanOrEqual(90);
    expect(new Set(delaysMs).size).toBeGreaterThan(5);
  });
});

describe("an aborted request", () => {
  test("rejects at once with the signal's reason, although the platform still issues a token", async () => {
    const { simulator, clock } = network();
    simulator.faults.next({ delayBeforeMs: 12_000 });
    const controller = new AbortController();
    const response = simulator.fetch(tokenUrl, { signal: controller.signal });
    const rejected = expect(response).rejects.toThrow("deadline");
    await clock.advance(8000);
    controller.abort(new Error("deadline"));
    await rejected;
    expect(simulator.log.issues(appId)).toEqual([]);
    await clock.advance(4000);
    expect(simulator.operator.liveTokenIds(appId)).toEqual(["T1"]);
  });

  test("rejects even after a garbage collection", async () => {
    const { simulator, clock } = network();
    simulator.faults.next({ loseReply: "silence" });
    const controller = new AbortController();
    const rejected = expect(
      simulator.fetch(tokenUrl, { signal: controller.signal }),
    ).rejects.toThrow("deadline");
    await clock.settle();
    setFlagsFromString("--expose-gc");
    for (let round = 0; round < 3; round += 1) {
      runInNewContext("gc")();
      await clock.settle();
    }
    controller.abort(new Error("deadline"));
    await rejected;
  });

  test("that was aborted before it was sent does not reach the platform", async () => {
    const { simulator } = network();
    await expect(
      simulator.fetch(tokenUrl, { signal: AbortSignal.abort(new Error("early")) }),
    ).rejects.toThrow("early");
    expect(simulator.log.seq).toBe(0);
  });
});

test("the same seed repeats a run exactly", async () => {
  const run = async (): Promise<unknown> => {
    const { simulator } = network();
    return [
      await tokenFrom(simulator),
      await json(simulator.fetch(tokenUrl.replace(secret, "wrong"))),
      simulator.log.entries(),
    ];
  };
  expect(await run()).toEqual(await run());
});
