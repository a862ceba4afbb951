import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../../world.fixture.ts";
import { nacosSource } from "./nacos.ts";
import type { NacosSourceOptions } from "./nacos.ts";
import { fakeNacos } from "./nacos.fixture.ts";
import type { FakeNacos, FakeNacosOptions } from "./nacos.fixture.ts";
import { valuesOf, watched } from "../watched.fixture.ts";
import type { Watched } from "../watched.fixture.ts";

const user = { name: "lingpai", password: "correct-horse-battery" };

function world(
  options: Partial<NacosSourceOptions> = {},
  fakeOptions: Partial<FakeNacosOptions> = {},
): { nacos: FakeNacos; source: () => Watched; values: () => Promise<unknown[]> } {
  const clock = manualClock();
  const nacos = fakeNacos({ clock, ...fakeOptions });
  const made = nacosSource({
    url: "http://nacos:8848",
    dataId: "lingpai.yaml",
    fetch: nacos.fetch,
    ...options,
  });
  return { nacos, source: () => watched(made, clock), values: () => valuesOf(made, clock) };
}

describe.each(["v1", "v3"] as const)("Nacos over its API %s", (api) => {
  test("returns one configuration of a namespace and a group, with its lines", async () => {
    const { nacos, values } = world({
      api,
      namespace: (environment) => `ns-${environment}`,
      group: "PAY",
    });
    nacos.publish("ns-prod/PAY/lingpai.yaml", "node: api-1\nstore:\n  prefix: 令牌\n");
    expect(await values()).toEqual([
      ["node", "api-1", "nacos PAY/lingpai.yaml:1"],
      ["store.prefix", "令牌", "nacos PAY/lingpai.yaml:3"],
    ]);
  });

  test("logs in once with a form, and again if its token is no longer accepted", async () => {
    const { nacos, values } = world(
      { api, username: user.name, password: () => Promise.resolve(user.password) },
      { user },
    );
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: a\n");
    await values();
    await values();
    expect(nacos.requests.filter((request) => request.includes("login"))).toHaveLength(1);
    nacos.forgetTokens();
    expect(await values()).toHaveLength(1);
    expect(nacos.requests.filter((request) => request.includes("login"))).toHaveLength(2);
    expect(nacos.urls.join(" ")).not.toMatch(/horse|token-/);
  });

  test("reports what is missing, refused or unreachable, and shows no secret", async () => {
    const { nacos, values } = world(
      { api, username: user.name, password: "wrong-password-here" },
      { user },
    );
    expect(await refusalOf(values())).toMatch(
      /^answered POST \/nacos\/v.\/auth\/(user\/)?login with HTTP 403\. Check the credentials and the rights$/,
    );
    nacos.unreachable = true;
    expect(await refusalOf(values())).toBe(
      "could not be reached (ECONNREFUSED). Check the address, and whether it is up and reachable from here",
    );
    const open = world({ api });
    expect(await refusalOf(open.values())).toContain(
      "has no configuration lingpai.yaml in the group DEFAULT_GROUP. Publish it",
    );
    expect(await world({ api, optional: true }).values()).toEqual([]);
  });
});

const gatewayPage = (): Response =>
  new Response("<html><h1>404 Not Found</h1><hr>nginx</html>", { status: 404 });
const otherJson = (): Response =>
  Response.json(
    { timestamp: "2026-11-01", status: 404, error: "Not Found", path: "/nacos/v1" },
    { status: 404 },
  );

describe.each(["v1", "v3"] as const)("an optional configuration over the API %s", (api) => {
  test.each([gatewayPage, otherJson])(
    "does not count as absent if a proxy answers 404",
    async (page) => {
      const { nacos, values } = world({ api, optional: true });
      nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
      nacos.gateway = page;
      expect(await refusalOf(values())).toMatch(
        /^answered GET \/nacos\/.*config.* with HTTP 404. Check the names$/,
      );
    },
  );

  test.each([400, 401, 403, 500])(
    "is read after a new login if an old token is refused with HTTP %i",
    async (refusalStatus) => {
      const { nacos, values } = world(
        { api, username: user.name, password: user.password },
        { user, refusalStatus },
      );
      nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: a\n");
      await values();
      nacos.forgetTokens();
      expect(await values()).toHaveLength(1);
      nacos.publish("/DEFAULT_GROUP/lingpai.yaml", undefined);
      await refusalOf(values());
      expect(nacos.requests.filter((request) => request.includes("login"))).toHaveLength(2);
    },
  );

  test("is read from another server of the address if one is down, and from that server from then on", async () => {
    const { nacos, values } = world({ api, url: "http://down:8848, nacos:8848" });
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: a\n");
    nacos.gateway = ({ url }) =>
      new URL(url).hostname === "down" ? new Response("", { status: 503 }) : undefined;
    expect([await values(), await values()].flat()).toHaveLength(2);
    expect(nacos.urls.map((url) => new URL(url).hostname)).toEqual(["down", "nacos", "nacos"]);
    nacos.unreachable = true;
    expect(await refusalOf(values())).toContain("could not be reached");
    expect(nacos.urls.slice(3).map((url) => new URL(url).hostname)).toEqual(["nacos", "down"]);
  });
});

test("Nacos 3 is recognised behind the old API, and the error names the remedy", async () => {
  const { nacos, values } = world();
  nacos.gateway = () => new Response("", { status: 410 });
  expect(await refusalOf(values())).toBe(
    'answered GET /nacos/v1/cs/configs with HTTP 410: it is Nacos 3. Pass api: "v3"',
  );
});

describe("a watched configuration in Nacos", () => {
  test("is reported to a user who may read one namespace only", async () => {
    const limited = { ...user, namespace: "ns-prod" };
    const { nacos, source } = world(
      { username: user.name, password: user.password, namespace: "ns-prod" },
      { user: limited },
    );
    nacos.publish("ns-prod/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    const watch = source();
    await watch.changed(1);
    await watch.clock.advance(2_000);
    nacos.publish("ns-prod/DEFAULT_GROUP/lingpai.yaml", "node: two\n");
    await watch.clock.advance(1_000);
    expect(watch.changes).toBe(2);
    await watch.stop();
  });

  test("is reported at once by a long poll, and the next poll begins within half a minute", async () => {
    const { nacos, source } = world();
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    const watch = source();
    await watch.changed(1);
    await watch.clock.advance(10_000);
    expect([watch.changes, nacos.openPolls]).toEqual([1, 1]);
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: two\n");
    await watch.clock.advance(1_000);
    expect(watch.changes).toBe(2);
    expect(await watch.load()).toEqual([["node", "two", "nacos DEFAULT_GROUP/lingpai.yaml:1"]]);
    const before = nacos.requests.length;
    await watch.clock.advance(30_500 * 10);
    expect(watch.changes).toBe(2);
    expect(nacos.requests.length - before).toBeLessThanOrEqual(11);
    await watch.stop();
    expect([nacos.openPolls, watch.clock.pendingTimers]).toEqual([0, 0]);
  });

  test("is reported even if it was changed and changed back, because the value in between may have been read", async () => {
    const { nacos, source } = world();
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    const watch = source();
    await watch.changed(1);
    await watch.clock.advance(2_000);
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: two\n");
    await watch.clock.settle();
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    await watch.clock.advance(1_000);
    expect(watch.changes).toBe(2);
    await watch.stop();
  });

  test("is reported when it is published for the first time, and when it is deleted", async () => {
    const { nacos, source } = world({ optional: true, namespace: "ns" });
    const watch = source();
    await watch.changed(1);
    nacos.publish("ns/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    await watch.clock.advance(1_000);
    expect(watch.changes).toBe(2);
    nacos.publish("ns/DEFAULT_GROUP/lingpai.yaml", undefined);
    await watch.clock.advance(1_000);
    expect([watch.changes, await watch.load()]).toEqual([3, []]);
    await watch.stop();
  });

  test("ends its watch with an error if the server cannot be reached, so that it is started again", async () => {
    const { nacos, source } = world({ optional: true });
    const watch = source();
    await watch.changed(1);
    nacos.unreachable = true;
    await watch.clock.advance(40_000);
    expect(await refusalOf(watch.ended)).toContain("could not be reached");
    expect(watch.clock.pendingTimers).toBe(0);
  });

  test("is polled every ten seconds over v3, which has no long polls", async () => {
    const { nacos, source } = world({ api: "v3" });
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: one\n");
    const watch = source();
    await watch.changed(1);
    await watch.clock.advance(9_999);
    nacos.publish("/DEFAULT_GROUP/lingpai.yaml", "node: two\n");
    expect(watch.changes).toBe(1);
    await watch.clock.advance(1);
    expect(watch.changes).toBe(2);
    expect(await watch.load()).toEqual([["node", "two", "nacos DEFAULT_GROUP/lingpai.yaml:1"]]);
    await watch.stop();
  });
});

test.each(["nacos:8848", "http://user:secret@nacos:8848", "http://nacos:8848/?token=1"])(
  "the address %s is refused",
  (url) => {
    expect(() => nacosSource({ url, dataId: "lingpai.yaml" })).toThrow(
      "The address of Nacos must be an http: or https: URL without user, password and query",
    );
  },
);
