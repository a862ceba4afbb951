import { manualClock } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../../world.fixture.ts";
import { apolloSource } from "./apollo.ts";
import type { ApolloSourceOptions } from "./apollo.ts";
import { fakeApollo } from "./apollo.fixture.ts";
import type { FakeApollo } from "./apollo.fixture.ts";
import { valuesOf, watched } from "../watched.fixture.ts";
import type { Watched } from "../watched.fixture.ts";

interface World {
  readonly apollo: FakeApollo;
  readonly clock: ManualClock;
  watch(): Watched;
  values(): Promise<unknown[]>;
}

function world(options: Partial<ApolloSourceOptions> = {}, accessKey?: string): World {
  const clock = manualClock();
  const apollo = fakeApollo({ clock, ...(accessKey === undefined ? {} : { accessKey }) });
  const source = apolloSource({
    url: "http://apollo:8080/",
    appId: "pay",
    fetch: apollo.fetch,
    ...options,
  });
  return {
    apollo,
    clock,
    watch: () => watched(source, clock),
    values: () => valuesOf(source, clock),
  };
}

describe("Apollo", () => {
  test("returns the keys of a namespace that have our prefix, and whole documents", async () => {
    const { apollo, values } = world({ namespaces: ["application", "lingpai.yaml"] });
    apollo.release("application", {
      "lingpai.apps.main.mode": "plain",
      "spring.datasource.url": "jdbc:x",
    });
    apollo.release("lingpai.yaml", { content: "node: api-1\nstore:\n  prefix: p\n" });
    expect(await values()).toEqual([
      ["apps.main.mode", "plain", "apollo application lingpai.apps.main.mode"],
      ["node", "api-1", "apollo lingpai.yaml:1"],
      ["store.prefix", "p", "apollo lingpai.yaml:3"],
    ]);
  });

  test("signs its requests with the access key, and names what to check if the key is refused", async () => {
    const right = world(
      { accessKey: "correct-horse-battery", ip: "10.0.0.7" },
      "correct-horse-battery",
    );
    right.apollo.release("application", { "lingpai.node": "a" });
    expect(await right.values()).toEqual([["node", "a", "apollo application lingpai.node"]]);
    const wrong = world({ accessKey: "wrong-password-here" }, "correct-horse-battery");
    expect(await refusalOf(wrong.values())).toBe(
      "answered GET /configs/pay/default/application with HTTP 401. Check the credentials",
    );
  });

  test("counts as unreleased only if the service says so, and never after an earlier release", async () => {
    const { apollo, values } = world({ optional: true });
    apollo.gateway = () => new Response("<html>404 Not Found</html>", { status: 404 });
    expect(await refusalOf(values())).toBe(
      "answered GET /configs/pay/default/application with HTTP 404. Check the names",
    );
    apollo.gateway = undefined;
    apollo.release("application", { "lingpai.node": "a" });
    expect(await values()).toHaveLength(1);
    apollo.withdraw("application");
    expect(await refusalOf(values())).toContain(
      "no longer has a release of application. Its last settings stay in force.",
    );
  });

  test("reports a namespace without a release, unless it is optional", async () => {
    expect(await refusalOf(world().values())).toContain(
      "has no release of pay/default/application. Release it",
    );
    expect(await world({ optional: true }).values()).toEqual([]);
  });

  test("reports a release at once, and is polled again every minute without one", async () => {
    const { apollo, clock, watch } = world();
    apollo.release("application", { "lingpai.node": "one" });
    const source = watch();
    await source.changed(1);
    await clock.advance(5_000);
    expect([source.changes, apollo.openPolls]).toEqual([1, 1]);
    apollo.release("application", { "lingpai.node": "two" });
    await source.changed(2);
    const before = apollo.requests.length;
    await clock.advance(61_000 * 10);
    expect(source.changes).toBe(2);
    expect(apollo.requests.length - before).toBeLessThanOrEqual(11);
    await source.stop();
    expect([apollo.openPolls, clock.pendingTimers]).toEqual([0, 0]);
  });

  test("is read again if it lags behind its own notification", async () => {
    const { apollo, clock, watch } = world();
    apollo.release("application", { "lingpai.node": "one" });
    const source = watch();
    await source.changed(1);
    await clock.advance(2_000);
    apollo.lags = true;
    apollo.release("application", { "lingpai.node": "two" });
    await source.changed(2);
    expect(await source.load()).toEqual([["node", "two", "apollo application lingpai.node"]]);
    await source.stop();
  });
});
