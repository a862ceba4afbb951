import { describe, expect, test, vi } from "vitest";
import type { ConfigEvent } from "./events.ts";
import { openConfig } from "./open-config.ts";
import type { LiveConfig } from "./config-options.ts";
import type { ConfigSource } from "../source.ts";
import { appId, minimal, refusalOf, scripted, secret, world } from "../world.fixture.ts";
import type { ScriptedSource, World } from "../world.fixture.ts";

const rotated = "0123456789abcdef0123456789abcdef";
const withSecret = (text: string): object => ({ apps: { main: { appId, secret: text } } });
const secretOf = ({ current }: LiveConfig): string | undefined =>
  current.apps["main"]?.secret?.reveal();

async function live(
  ...more: readonly ConfigSource[]
): Promise<World & { readonly source: ScriptedSource; readonly config: LiveConfig }> {
  const source = scripted("first", minimal);
  const made = world(source, ...more);
  const config = await openConfig(made.options);
  await made.clock.settle();
  return { ...made, source, config };
}

const told = (events: readonly ConfigEvent[]): unknown[] =>
  events.map((event) => [
    event.type,
    event.type === "reloaded" ? event.changed : "problems" in event ? event.problems : event.type,
  ]);

describe("an open configuration", () => {
  test("reports that it was loaded, from which sources, for which environment and when", async () => {
    const { events, config, clock } = await live(scripted("second", {}));
    expect(events).toEqual([
      { type: "loaded", environment: "prod", atMs: clock.wallMs(), sources: ["first", "second"] },
    ]);
    await config.close();
  });

  test("applies a change after its source has been quiet for the debounce", async () => {
    const { clock, events, source, config } = await live();
    const before = config.current;
    source.holds(withSecret(rotated));
    source.tell();
    await clock.advance(200);
    source.tell();
    await clock.advance(299);
    expect([config.current === before, source.loads]).toEqual([true, 1]);
    await clock.advance(1);
    expect([secretOf(config), source.loads]).toEqual([rotated, 2]);
    expect(events.at(-1)).toMatchObject({
      type: "reloaded",
      changed: ["apps.main.secret"],
      places: ["first apps.main.secret"],
    });
    await config.close();
  });

  test("applies a change at the latest after ten debounces if the source is never quiet", async () => {
    const { clock, source, config } = await live();
    source.holds(withSecret(rotated));
    for (let step = 0; step < 30; step += 1) {
      source.tell();
      await clock.advance(100);
    }
    expect(secretOf(config)).toBe(rotated);
    await config.close();
  });

  test("reads only the source that changed", async () => {
    const second = scripted("second", {});
    const { clock, source, config } = await live(second);
    second.holds({ node: "api-1" });
    second.tell();
    await clock.advance(300);
    expect([config.current.node, source.loads, second.loads]).toEqual(["api-1", 1, 2]);
    await config.close();
  });

  test("emits no event and keeps its object if nothing changed", async () => {
    const { clock, events, source, config } = await live();
    const before = config.current;
    source.tell();
    await clock.advance(300);
    expect([config.current === before, events.length, source.loads]).toEqual([true, 1, 2]);
    await config.close();
  });

  test("keeps the last good configuration after a bad update, and reports the reason once", async () => {
    const { clock, events, source, config } = await live();
    source.holds({ apps: { main: { appId, secret, mode: "plian" } } });
    for (let times = 0; times < 3; times += 1) {
      source.tell();
      await clock.advance(300);
    }
    expect(config.current.apps["main"]).toMatchObject({ mode: "stable" });
    expect(told(events.slice(1))).toEqual([
      [
        "kept",
        [
          'first apps.main.mode: apps.main.mode is "plia…". Give "stable" or "plain"; "plain" was probably meant.',
        ],
      ],
    ]);
    await config.close();
  });

  test("reports that a problem was solved, even if no setting changed", async () => {
    const { clock, events, source, config } = await live();
    source.holds({ apps: {}, stroe: {} });
    source.tell();
    await clock.advance(300);
    source.holds(minimal);
    source.tell();
    await clock.advance(300);
    expect(events.map(({ type }) => type)).toEqual(["loaded", "kept", "reloaded"]);
    expect(events.at(-1)).toMatchObject({ changed: [], places: [] });
    await config.close();
  });

  test("keeps the settings of a source that can no longer be read, and applies those of the others", async () => {
    const second = scripted("second", { node: "one" });
    const { clock, events, source, config } = await live(second);
    second.holds(Object.assign(new Error(`no route with ${secret}`), { code: "EHOSTUNREACH" }));
    second.tell();
    source.holds(withSecret(rotated));
    source.tell();
    await clock.advance(300);
    expect([config.current.node, secretOf(config)]).toEqual(["one", rotated]);
    expect(told(events.slice(1))).toEqual([
      ["reloaded", ["apps.main.secret"]],
      [
        "kept",
        [
          "second: could not be read (Error EHOSTUNREACH). Check whether it exists and may be read.",
        ],
      ],
    ]);
    await config.close();
  });

  test("puts no value into its events", async () => {
    const { clock, events, source, config } = await live();
    for (const next of [
      withSecret(rotated),
      { apps: { main: { appId: secret, secret } } },
      { apps: { [secret]: { appId } } },
    ]) {
      source.holds(next);
      source.tell();
      await clock.advance(300);
    }
    expect(events.map(({ type }) => type)).toEqual(["loaded", "reloaded", "kept", "kept"]);
    const seen = JSON.stringify(events.slice(0, 3));
    expect(seen).not.toContain(rotated.slice(0, 8));
    expect(seen).not.toContain(secret.slice(0, 8));
    await config.close();
  });

  test("reloads on request, and resolves with the problems", async () => {
    const { clock, source, config } = await live();
    source.holds(withSecret(rotated));
    await expect(config.reload()).resolves.toEqual([]);
    expect(secretOf(config)).toBe(rotated);
    source.holds({ apps: { main: { appId } } });
    const asked = config.reload();
    await clock.advance(300);
    await expect(asked).resolves.toMatchObject([
      { path: "apps.main.secret", place: "first apps.main.appId" },
    ]);
    expect(secretOf(config)).toBe(rotated);
    await config.close();
  });

  test("returns a fresh value without waiting for a notice, and reads at most once a second for it", async () => {
    const { clock, source, config } = await live();
    await clock.advance(1_000);
    source.holds(withSecret(rotated));
    const both = await Promise.all([config.fresh(), config.fresh()]);
    expect(both.map((each) => each.apps["main"]?.secret?.reveal())).toEqual([rotated, rotated]);
    await config.fresh();
    expect(source.loads).toBe(2);
    await config.close();
  });

  test("returns the present value after a second if a fresh one was requested and the source does not answer", async () => {
    const { clock, options, events } = world({ name: "slow", load: answerOnce(minimal) });
    const config = await openConfig(options);
    await clock.advance(1_000);
    const asked = config.fresh();
    await clock.advance(1_000);
    expect((await asked).apps["main"]?.secret?.reveal()).toBe(secret);
    expect(events.map(({ type }) => type)).toEqual(["loaded"]);
    await clock.advance(4_000);
    expect(events.at(-1)).toMatchObject({
      type: "kept",
      problems: [
        "slow: did not answer within 5000 ms (sourceDeadlineMs). Check whether it can be reached from here.",
      ],
    });
    await config.close();
  });

  test("starts a failed watch again after growing pauses, and reads the source because a change may have been missed", async () => {
    const { clock, options } = world(scripted("first", minimal));
    const starts: number[] = [];
    const load = vi.fn<ConfigSource["load"]>(() => Promise.resolve([]));
    const failing: ConfigSource = {
      name: "failing",
      load,
      watch: () => {
        starts.push(clock.monotonicMs());
        return Promise.reject(new Error("cut"));
      },
    };
    const config = await openConfig({ ...options, sources: [...options.sources, failing] });
    await clock.advance(40_000);
    const pauses = starts.slice(1).map((startMs, index) => startMs - (starts[index] ?? 0));
    expect(pauses.length).toBeGreaterThanOrEqual(4);
    for (const [index, pauseMs] of pauses.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(pauseMs).toBeLessThanOrEqual(1000 * 2 ** index);
    }
    expect(load).toHaveBeenCalledTimes(starts.length);
    await config.close();
  });

  test("is not affected by a listener that throws", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { clock, source, config } = await live();
    const heard: string[] = [];
    config.watch(() => {
      throw new Error(secret);
    });
    const forget = config.watch(({ type }) => void heard.push(type));
    source.holds(withSecret(rotated));
    source.tell();
    await clock.advance(300);
    forget();
    source.holds(minimal);
    source.tell();
    await clock.advance(300);
    expect(heard).toEqual(["reloaded"]);
    expect(String(warn.mock.calls[0]?.[0])).toContain('failed on "reloaded" (Error)');
    warn.mockRestore();
    await config.close();
  });

  test("leaves no watch, timer or later event after close(), and can still be read", async () => {
    const { clock, events, source, config } = await live();
    source.tell();
    await config.close();
    await config.close();
    source.holds(withSecret(rotated));
    await clock.advance(10_000);
    expect([
      source.isWatched,
      clock.pendingTimers,
      events.length,
      secretOf(config),
      source.loads,
    ]).toEqual([false, 0, 1, secret, 1]);
    expect((await config.fresh()).environment).toBe("prod");
    expect(await refusalOf(config.reload())).toContain("This configuration is closed");
  });

  test("refuses durations out of range", async () => {
    const { options } = world(scripted("first", minimal));
    expect(await refusalOf(openConfig({ ...options, debounceMs: -1 }))).toContain(
      "debounceMs is -1",
    );
    expect(await refusalOf(openConfig({ ...options, sourceDeadlineMs: Number.NaN }))).toContain(
      "sourceDeadlineMs is NaN",
    );
  });
});

/** Answers the first call, and no later one. */
function answerOnce(config: object): ConfigSource["load"] {
  const source = scripted("once", config);
  return (context) => (source.loads === 0 ? source.load(context) : new Promise(() => {}));
}
