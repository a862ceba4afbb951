import { describe, expect, test } from "vitest";
import { appId, host, json, network, tokenFrom, tokenUrl } from "../world.fixture.ts";

describe("faults", () => {
  test("a lost request changes nothing at the platform", async () => {
    const { simulator } = network();
    simulator.faults.next({ loseRequest: true });
    await expect(simulator.fetch(tokenUrl)).rejects.toMatchObject({
      message: "fetch failed",
      cause: { code: "ECONNRESET" },
    });
    expect(simulator.log.seq).toBe(0);
  });

  test("a lost reply leaves a token issued, and the one before it dead", async () => {
    const { simulator } = network();
    await tokenFrom(simulator);
    simulator.faults.next({ loseReply: true });
    await expect(simulator.fetch(tokenUrl)).rejects.toThrow(TypeError);
    expect(simulator.operator.liveTokenIds(appId)).toEqual(["T2"]);
  });

  test("a reply that never comes ends with the caller's own deadline", async () => {
    const { simulator, clock } = network();
    simulator.faults.next({ loseReply: "silence" });
    const controller = new AbortController();
    const rejected = expect(
      simulator.fetch(tokenUrl, { signal: controller.signal }),
    ).rejects.toThrow("deadline");
    await clock.advance(3_600_000);
    controller.abort(new Error("deadline"));
    await rejected;
    expect(simulator.operator.liveTokenIds(appId)).toEqual(["T1"]);
  });

  test("a slow request that is processed after a later one kills the later one's token", async () => {
    const { simulator, clock } = network();
    simulator.faults.next({ delayBeforeMs: 9000 }, { caller: "slow" });
    const slow = simulator.fetchAs({ caller: "slow" })(tokenUrl);
    await clock.advance(1000);
    const quick = await json(simulator.fetchAs({ caller: "quick" })(tokenUrl));
    await clock.advance(8000);
    await slow;
    expect(simulator.log.issues(appId).map(({ caller }) => caller)).toEqual(["quick", "slow"]);
    expect(simulator.operator.inspect(String(quick["access_token"]))?.alive).toBe(false);
  });

  test("a busy platform answers -1 and issues nothing, and the log marks it as a fault", async () => {
    const { simulator } = network();
    simulator.faults.next({ errcode: -1 });
    expect(await json(simulator.fetch(tokenUrl))).toMatchObject({
      errcode: -1,
      errmsg: expect.stringMatching(/^system error rid: /),
    });
    expect(simulator.log.entries()).toMatchObject([
      { kind: "issue", appId, code: -1, reason: "fault" },
    ]);
  });

  test("a call can be refused for a missing permission although its token is alive", async () => {
    const { simulator } = network();
    const token = await tokenFrom(simulator);
    simulator.faults.next({ errcode: 48001 }, { endpoint: "/cgi-bin/user/info" });
    expect(
      await json(simulator.fetch(`${host}/cgi-bin/user/info?openid=o1&access_token=${token}`)),
    ).toMatchObject({ errcode: 48001 });
    expect(simulator.log.calls()).toMatchObject([
      { appId, tokenId: "T1", code: 48001, reason: "fault" },
    ]);
  });

  test.each([
    ["html", /^<!doctype html>/, "text/html; charset=utf-8"],
    ["truncated", /^\{"access_token":"[^"]*$/, "application/json; encoding=utf-8"],
    ["empty", /^$/, "application/json; encoding=utf-8"],
    ["object", /^\{\}$/, "application/json; encoding=utf-8"],
  ] as const)(
    "a token is issued although the answer's body (%s) is corrupt",
    async (body, text, contentType) => {
      const { simulator } = network();
      simulator.faults.next({ body });
      const response = await simulator.fetch(tokenUrl);
      expect(response.headers.get("content-type")).toBe(contentType);
      expect(await response.text()).toMatch(text);
      expect(simulator.operator.liveTokenIds(appId)).toEqual(["T1"]);
    },
  );

  test("a corrupt body can be computed from the true one", async () => {
    const { simulator } = network();
    simulator.faults.next({ body: (text) => text.replace("7200", '"7200"') });
    expect(await json(simulator.fetch(tokenUrl))).toMatchObject({ expires_in: "7200" });
  });

  test("a gateway can answer 502 with or without processing the request", async () => {
    const { simulator } = network();
    simulator.faults.next({ status: 502, body: "html", processed: false });
    simulator.faults.next({ status: 502, body: "html" });
    expect((await simulator.fetch(tokenUrl)).status).toBe(502);
    expect(simulator.log.issues()).toHaveLength(0);
    expect((await simulator.fetch(tokenUrl)).status).toBe(502);
    expect(simulator.log.issues()).toHaveLength(1);
  });

  test("a redirect fails unless the client handles redirects itself", async () => {
    const { simulator } = network();
    const redirect = { status: 302, headers: { location: "https://evil.example/" } };
    simulator.faults.next(redirect, { times: 2 });
    await expect(simulator.fetch(tokenUrl, { redirect: "error" })).rejects.toThrow(TypeError);
    expect((await simulator.fetch(tokenUrl, { redirect: "manual" })).status).toBe(302);
  });

  test("a client can abort a huge body half-way", async () => {
    const { simulator } = network();
    simulator.faults.next({ body: "huge" });
    const reader = (await simulator.fetch(tokenUrl)).body?.getReader();
    const first = await reader?.read();
    expect(first?.value?.byteLength).toBe(65_536);
    await reader?.cancel();
  });

  test("a dripping body sends one byte a second until the client aborts", async () => {
    const { simulator, clock } = network();
    simulator.faults.next({ body: "drip" });
    const controller = new AbortController();
    const response = await simulator.fetch(tokenUrl, { signal: controller.signal });
    const reader = response.body?.getReader();
    const first = reader?.read();
    await clock.advance(1000);
    expect(new TextDecoder().decode((await first)?.value)).toBe("{");
    const next = expect(reader?.read()).rejects.toThrow("deadline");
    controller.abort(new Error("deadline"));
    await next;
    expect(clock.pendingTimers).toBe(0);
  });

  test("scripts apply to matching requests, in order, each as often as it is set to", async () => {
    const { simulator } = network();
    simulator.faults.next(
      { errcode: 45011 },
      { times: 2, when: ({ query }) => query.get("appid") === appId },
    );
    simulator.faults.next({ errcode: -1 }, { endpoint: "/cgi-bin/token", caller: "node-2" });
    const codes: unknown[] = [];
    for (const caller of ["node-1", "node-2", "node-1", "node-2", "node-2"]) {
      codes.push((await json(simulator.fetchAs({ caller })(tokenUrl)))["errcode"]);
    }
    expect(codes).toEqual([45011, 45011, undefined, -1, undefined]);
    expect(simulator.faults.pending).toBe(0);
  });

  test("a standing source decides for requests without a script, until it is cleared", async () => {
    const { simulator } = network();
    simulator.faults.always(({ ordinal }) => (ordinal % 2 === 0 ? { errcode: -1 } : undefined));
    const codes = async (): Promise<unknown[]> => [
      (await json(simulator.fetch(tokenUrl)))["errcode"],
      (await json(simulator.fetch(tokenUrl)))["errcode"],
    ];
    expect(await codes()).toEqual([undefined, -1]);
    simulator.faults.clear();
    expect(await codes()).toEqual([undefined, undefined]);
  });
});
