/** A WeCom suite end to end against the simulator. The simulator's log decides. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { createSimulator, encryptedCorpId } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { afterEach, describe, expect, test } from "vitest";
import { encodingAesKey, messageToken } from "../open-platform/platform-world.fixture.ts";
import { wecomSuite } from "./wecom-suite.ts";
import type { SuiteCorp } from "./suite-corp.ts";
import type { WecomSuite, WecomSuiteOptions } from "./wecom-suite.ts";

const suiteId = "ww4asffe99e54c0f4c";
const corpId = "ww0123456789abcdef";
const otherCorpId = "wwfedcba9876543210";
const secret = "kP3-suite_secret_of_43_characters_xxxxxxxxx";
const suitePath = "/cgi-bin/service/get_suite_token";
const corpPath = "/cgi-bin/service/get_corp_token";
const minuteMs = 60_000;

interface World {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  node(name: string, options?: Partial<WecomSuiteOptions>): WecomSuite;
  pushTo(node: WecomSuite): Promise<void>;
  during<T>(work: Promise<T>): Promise<T>;
}

const open: WecomSuite[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

function world(isDevelopedFor = false): World {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(5),
    latencyMs: 20,
    suites: [{ suiteId, secret, token: messageToken, encodingAesKey, isDevelopedFor }],
  });
  const store = memoryStore({ clock });
  return {
    clock,
    simulator,
    node(name, more = {}) {
      const stores = { cache: memoryCache(store, { clock }), lock: memoryLock(store, { clock }) };
      const fetch = simulator.fetchAs({ caller: name });
      const node = wecomSuite({
        isDevelopedFor,
        suiteId,
        secret,
        messageToken,
        encodingAesKey,
        environment: "prod",
        node: name,
        clock,
        fetch,
        random: seededRandom(name),
        ...stores,
        ...more,
      });
      open.push(node);
      return node;
    },
    async pushTo(node) {
      const { query, body } = simulator.suites.pushTicket(suiteId);
      expect(await node.handlePush({ query, body })).toEqual({ status: 200, body: "success" });
    },
    async during(work) {
      work.catch(() => undefined);
      await clock.advance(30_000);
      return work;
    },
  };
}

const send = (corp: SuiteCorp): Promise<{ errcode: number }> =>
  corp.request("/cgi-bin/message/send", { json: { agentid: 1 } });

describe("a suite", () => {
  test("serves two nodes and a corp through six hours of pushes, and no caller sees a token die", async () => {
    const { clock, simulator, node, pushTo, during } = world();
    const code = simulator.suites.install(suiteId, corpId);
    const nodes = [node("a"), node("b")];
    for (let push = 0; push < 6 * 6; push += 1) {
      await pushTo(nodes[push % 2] ?? node("c"));
      const answers = await during(Promise.all(nodes.map((each) => send(each.corp(corpId, code)))));
      expect(answers.map(({ errcode }) => errcode)).toEqual([0, 0]);
      await clock.advance(10 * minuteMs - 30_000);
    }
    // The platform never says how much of a token's lifetime is left. The fleet saw the first text
    // first, and knows when each later one began.
    expect(simulator.log.calls({ ok: false })).toEqual([]);
    expect(simulator.log.issues(suiteId, suitePath)).toHaveLength(3);
    expect(simulator.log.issues(`${corpId}/${suiteId}`, corpPath)).toHaveLength(3);
    // It asks often while the age of the first token is unknown, but not for each call or node.
    expect(simulator.log.fetches(`${corpId}/${suiteId}`, corpPath).length).toBeLessThanOrEqual(100);
    // Closing waits for a token request that may be in flight at the end of a token's life.
    await clock.advance(10_000);
  });

  test("answers within WeCom's second, and opens messages that are encrypted for the named receivers", async () => {
    const { clock, simulator, node } = world();
    const work = Promise.withResolvers<void>();
    const messages: string[] = [];
    const suite = node("a", {
      receivers: [suiteId, "ww9999999999999999"],
      async onMessage({ infoType, receiver }) {
        messages.push(`${infoType} for ${receiver}`);
        await work.promise;
      },
    });
    const push = simulator.suites.push(
      suiteId,
      `<xml><SuiteId>${suiteId}</SuiteId><AuthCode><![CDATA[c]]></AuthCode><InfoType><![CDATA[create_auth]]></InfoType><TimeStamp>1</TimeStamp></xml>`,
      { receiver: "ww9999999999999999" },
    );
    let answeredAtMs = Number.POSITIVE_INFINITY;
    const startedMs = clock.monotonicMs();
    const reply = suite.handlePush(push).then((answer) => {
      answeredAtMs = clock.monotonicMs() - startedMs;
      return answer;
    });
    await clock.advance(1_000);
    expect([await reply, answeredAtMs, messages]).toEqual([
      { status: 200, body: "success" },
      700,
      ["create_auth for ww9999999999999999"],
    ]);
    work.resolve();
    await clock.advance(1_000);
  });

  test("has no token before the first push, and sends no request for it", async () => {
    const { simulator, node, during } = world();
    await expect(during(node("a").credential.get())).rejects.toThrow(/none has been pushed/);
    expect(simulator.log.fetches(suiteId)).toEqual([]);
  });

  test("does not use a ticket after its thirty minutes, and continues with the next push", async () => {
    const { clock, simulator, node, pushTo, during } = world();
    const suite = node("a");
    await pushTo(suite);
    await clock.advance(30 * minuteMs);
    await expect(during(suite.credential.get())).rejects.toThrow(/the last one is too old/);
    expect(simulator.log.fetches(suiteId)).toEqual([]);
    await pushTo(suite);
    await during(suite.credential.get());
    expect(simulator.log.fetches(suiteId).map(({ code }) => code)).toEqual([0]);
  });

  test("uses the previous ticket when the newest is refused", async () => {
    const { clock, simulator, node, pushTo, during } = world();
    const suite = node("a");
    await pushTo(suite);
    await suite.ticket.put("nonsense", clock.wallMs() + 1000);
    await during(suite.credential.get());
    expect(simulator.log.fetches(suiteId).map(({ code }) => code)).toEqual([40085, 0]);
  });

  test.each([
    ["invalid", (simulator: Simulator) => simulator.operator.revoke(suiteId), 40082],
    ["expired", (simulator: Simulator) => simulator.operator.expireNow(suiteId), 42009],
  ])(
    "replaces its own token when it is %s, and requests the corp's once more",
    async (_title, act, errcode) => {
      const { clock, simulator, node, pushTo, during } = world();
      const suite = node("a");
      const corp = suite.corp(corpId, simulator.suites.install(suiteId, corpId));
      await pushTo(suite);
      await during(send(corp));
      await clock.advance(minuteMs);
      act(simulator);
      const before = simulator.log.seq;
      await during(corp.credential.refresh());
      const entries = simulator.log.entries({ kind: "issue", afterSeq: before });
      expect(entries.map(({ endpoint, code }) => [endpoint, code])).toEqual([
        [corpPath, errcode],
        [suitePath, 0],
        [corpPath, 0],
      ]);
    },
  );

  test("stops for a corp with an invalid permanent code, and for that corp alone, until there is a new code", async () => {
    const { clock, simulator, node, pushTo, during } = world();
    const suite = node("a");
    await pushTo(suite);
    let code = simulator.suites.install(suiteId, corpId);
    const other = suite.corp(otherCorpId, simulator.suites.install(suiteId, otherCorpId));
    const corp = suite.corp(corpId, () => code);
    const renewed = simulator.suites.install(suiteId, corpId);
    for (let call = 0; call < 3; call += 1)
      await expect(during(corp.token())).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        reason: "refused",
      });
    await expect(during(send(other))).resolves.toMatchObject({ errcode: 0 });
    expect(simulator.log.fetches(`${corpId}/${suiteId}`).map((entry) => entry.code)).toEqual([
      40084, 40084,
    ]);
    code = renewed;
    await clock.advance(5 * minuteMs);
    await expect(during(send(corp))).resolves.toMatchObject({ errcode: 0 });
  });

  test("returns the same object for a corp at each call, and none after it was closed", async () => {
    const { node } = world();
    const suite = node("a");
    expect(suite.corp(corpId, "permanent-code")).toBe(suite.corp(corpId, "permanent-code"));
    await suite.close();
    expect(() => suite.corp(otherCorpId, "permanent-code")).toThrow(
      expect.objectContaining({ code: "CLOSED" }),
    );
  });
});

describe.each([
  { title: "a third-party app", isDevelopedFor: false, tokenPath: corpPath },
  { title: "an app developed for the corp", isDevelopedFor: true, tokenPath: "/cgi-bin/gettoken" },
])("the installation of $title", ({ isDevelopedFor, tokenPath }) => {
  test("is redeemed once, known by the corp's encrypted id, and stored for every node", async () => {
    const { simulator, node, pushTo, during } = world(isDevelopedFor);
    const [a, b] = [node("a"), node("b")];
    await pushTo(a);
    const code = simulator.suites.authorize(suiteId, corpId);
    const corp = await during(a.install(code));
    expect(corp.corpId).toBe(encryptedCorpId(corpId, suiteId));
    await expect(during(send(b.corp(corp.corpId)))).resolves.toMatchObject({ errcode: 0 });
    await expect(during(send(corp))).resolves.toMatchObject({ errcode: 0 });
    expect(simulator.log.issues(`${corp.corpId}/${suiteId}`, tokenPath).length).toBeLessThanOrEqual(
      1,
    );
    expect(
      simulator.log.entries({ endpoint: tokenPath, ok: true }).map(({ caller }) => caller),
    ).toEqual(["b"]);
    await expect(during(b.authInfo(corp.corpId))).resolves.toMatchObject({
      errcode: 0,
      auth_corp_info: { corpid: corp.corpId },
    });
    expect((await during(b.install(code))).corpId).toBe(corp.corpId);
    const asked = (path: string): number =>
      simulator.log.entries({ endpoint: `/cgi-bin/service/${path}`, ok: true }).length;
    expect([asked("get_permanent_code"), asked("get_auth_info")]).toEqual([1, 1]);
    await expect(during(b.install("auth-code-that-is-used"))).rejects.toMatchObject({
      code: "PLATFORM_REFUSED",
      errcode: 40078,
    });
  });

  test("gets its new code as soon as the provider resets it, without the application's help", async () => {
    const { clock, simulator, node, pushTo, during } = world(isDevelopedFor);
    const told: string[] = [];
    const [a, b] = [
      node("a", { onMessage: ({ infoType }) => void told.push(infoType) }),
      node("b"),
    ];
    await pushTo(a);
    const corp = await during(a.install(simulator.suites.authorize(suiteId, corpId)));
    await during(send(corp));
    const push = simulator.suites.pushReset(suiteId, corpId);
    for (const arrival of [push, push]) {
      await expect(during(a.handlePush(arrival))).resolves.toEqual({
        status: 200,
        body: "success",
      });
    }
    expect(told).toEqual(["reset_permanent_code"]);
    simulator.operator.revoke(`${corp.corpId}/${suiteId}`);
    await clock.advance(60_000);
    await expect(during(send(b.corp(corp.corpId)))).resolves.toMatchObject({ errcode: 0 });
    expect(
      simulator.log.entries({ endpoint: tokenPath, code: isDevelopedFor ? 40001 : 40084 }),
    ).toEqual([]);
  });

  test("is replaced at once when the corp installs again", async () => {
    const { clock, simulator, node, pushTo, during } = world(isDevelopedFor);
    const [a, b] = [node("a"), node("b")];
    await pushTo(a);
    const corp = await during(a.install(simulator.suites.authorize(suiteId, corpId)));
    await during(send(corp));
    await during(b.install(simulator.suites.authorize(suiteId, corpId)));
    simulator.operator.revoke(`${corp.corpId}/${suiteId}`);
    await clock.advance(60_000);
    await expect(during(send(corp))).resolves.toMatchObject({ errcode: 0 });
    expect(
      simulator.log.entries({ endpoint: tokenPath, code: isDevelopedFor ? 40001 : 40084 }),
    ).toEqual([]);
  });

  test("that is missing causes an error with a remedy", async () => {
    const { node, pushTo, during } = world(isDevelopedFor);
    const suite = node("a");
    await pushTo(suite);
    const failed = during(send(suite.corp("wpNobodyInstalledThis0000000000000")));
    await expect(failed).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/Give install\(\) the code/) },
    });
  });
});

describe("a suite with a wrong secret", () => {
  test("is reported after one request, not after seven in 17 s", async () => {
    const { clock, simulator, node, pushTo } = world();
    const suite = node("a", { secret: "kP3-another_secret_of_43_characters_xxxxxxx" });
    await pushTo(suite);
    const told: unknown[] = [];
    for (let second = 0; second < 17; second += 1) {
      suite.credential.get().catch((error: unknown) => told.push(error));
      await clock.advance(1_000);
    }
    expect(simulator.log.entries({ endpoint: suitePath }).map(({ code }) => code)).toEqual([40080]);
    expect(String((told[0] as Error).message)).toMatch(/40080, wrong secret/);
  });

  test("or with an unlisted code is retried at a pace that blocks nobody, and the reason is reported", async () => {
    const { clock, simulator, node, pushTo } = world();
    const suite = node("a");
    simulator.faults.always(({ endpoint }) =>
      endpoint === suitePath ? { errcode: 987_654 } : undefined,
    );
    let told = "";
    for (let second = 0; second < 3600; second += 5) {
      if (second % 600 === 0) await pushTo(suite);
      suite.credential
        .get()
        .catch((error: unknown) => (told = `${String(error)} ${String((error as Error).cause)}`));
      await clock.advance(5_000);
    }
    const asked = simulator.log.entries({ endpoint: suitePath }).length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThanOrEqual(61);
    expect(told).toContain("987654");
  });
});
