/** The client behind proxies, before servers that disagree, and with an answer that never ends. */
import { seededRandom } from "@lingpai/core/testing";
import type { Credential } from "@lingpai/core";
import { afterEach, expect, test } from "vitest";
import { clientWorld, ref } from "./client-world.fixture.ts";
import type { ClientWorld } from "./client-world.fixture.ts";
import { remote } from "./remote.ts";
import type { RemoteOptions } from "./remote.ts";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Started {
  readonly world: ClientWorld;
  readonly token: Credential;
}

async function start(count: number, more: Partial<RemoteOptions> = {}): Promise<Started> {
  const world = clientWorld(count);
  const { key } = await world.key();
  const { clock, fetch, urls } = world;
  const source = remote({ urls, key, fetch, clock, random: seededRandom(1), ...more });
  const token = source.credential(ref);
  ends.push(async () => {
    await world.during(token.close());
    await world.close();
  });
  return { world, token };
}

/** How long it took, in ms, and what became of it. */
async function timed(world: ClientWorld, work: Promise<unknown>): Promise<[number, unknown]> {
  const fromMs = world.clock.monotonicMs();
  const outcome = await world.during(
    work.then(
      () => "given",
      (error: unknown) => error,
    ),
    100,
  );
  return [world.clock.monotonicMs() - fromMs, outcome];
}

test("a caller waits no longer than it is told to, however many servers hang", async () => {
  const { world, token } = await start(4, { waitMs: 4_000 });
  for (const host of world.hosts.slice(0, 3)) host.fault = "hangs";
  const [tookMs, outcome] = await timed(world, token.get());
  expect(outcome).toBe("given");
  expect(tookMs).toBeLessThanOrEqual(4_200);
  const other = await start(3, { waitMs: 4_000 });
  for (const host of other.world.hosts) host.fault = "hangs";
  for (const act of [() => other.token.get(), () => other.token.refresh()]) {
    const [tookMs, outcome] = await timed(other.world, act());
    expect(outcome).toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    expect(tookMs).toBeLessThanOrEqual(4_200);
  }
});

test("a key that never comes ends with the caller's time", async () => {
  const key = (): Promise<string> => new Promise(() => {});
  const { world, token } = await start(1, { key, waitMs: 3_000 });
  const [tookMs, outcome] = await timed(world, token.get());
  expect(outcome).toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
  expect(tookMs).toBeLessThanOrEqual(3_200);
});

test.each([401, 403, 404, 405])(
  "an answer of a proxy with %i is no refusal of the server",
  async (status) => {
    const { world, token } = await start(1);
    const [host] = world.hosts;
    host!.fault = async () => new Response("<html>default backend</html>", { status });
    void world.clock.advance(3_000).then(() => (host!.fault = undefined));
    expect((await world.during(token.get())).reveal()).toMatch(/\S/);
  },
);

test.each(["unauthorized", "unknown-credential"])(
  "a replica that does not know the key or the reference yet (%s) leaves the others to be asked",
  async (code) => {
    const { world, token } = await start(2);
    const status = code === "unauthorized" ? 401 : 404;
    const problem = { type: `urn:lingpai:problem:${code}`, status, code };
    world.hosts[0]!.fault = async () => Response.json(problem, { status });
    const [tookMs, outcome] = await timed(world, token.get());
    expect(outcome).toBe("given");
    expect(tookMs).toBeLessThan(1_000);
    // When all say so it is so, and nobody waits.
    const other = await start(2);
    for (const host of other.world.hosts)
      host.fault = async () => Response.json(problem, { status });
    const [refusedMs, refusal] = await timed(other.world, other.token.get());
    expect(String(refusal)).toContain(code);
    expect(refusedMs).toBeLessThan(1_000);
  },
);

test("an answer that never ends is read no further than a credential can be long", async () => {
  const { world, token } = await start(1, { waitMs: 1_000 });
  let bytes = 0;
  world.hosts[0]!.fault = async () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          bytes += 16_384;
          controller.enqueue(new Uint8Array(16_384).fill(32));
        },
      }),
    );
  const [, outcome] = await timed(world, token.get());
  expect(String(outcome)).toContain("no credential");
  expect(bytes).toBeLessThan(2_000_000);
});

test("a redirect is said, and the key goes nowhere else", async () => {
  const { world, token } = await start(1, { waitMs: 1_000 });
  world.hosts[0]!.fault = async () =>
    new Response(null, { status: 301, headers: { location: "http://elsewhere.test/" } });
  const [, outcome] = await timed(world, token.get());
  expect(String(outcome)).toContain("it answered 301");
});

test("behind a proxy that ends silent requests after 30 s it polls for less, and is not stale", async () => {
  const { world, token } = await start(1);
  await world.during(token.get());
  const [host] = world.hosts;
  host!.fault = (request) => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const cut = (): void => resolve(new Response("<html>", { status: 504 }));
    const cancel = world.clock.setTimer(30_000, cut, { background: true });
    return Promise.race([host!.server.handle(request), promise]).finally(cancel);
  };
  await world.clock.advance(600_000);
  host!.arrivals.length = 0;
  await world.clock.advance(300_000);
  expect(token.status().storeReachable).toBe(true);
  expect(host!.arrivals.length).toBeLessThan(30);
});
