/** The command `lingpai-server`, as its users start and stop it. */
import { request } from "node:http";
import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "@lingpai/test-servers";
import { appWorld, getOne, ref } from "./server-world.fixture.ts";
import type { AppWorld } from "./server-world.fixture.ts";

let world: AppWorld;
beforeEach(async () => {
  world = await appWorld();
});
afterEach(() => world.close());

const serving = /Serving at (http\S+)/;
const keyText = /(lp_[a-z0-9]{10}_[\w-]{43})/;

test("a first start prints its key once, a second start prints none, and another command makes more", async () => {
  const first = world.run(["serve", "--first-key"]);
  const url = await first.prints(serving);
  const key = await first.prints(keyText);
  const { secret } = (await (await getOne(url, key)).json()) as { readonly secret: string };
  first.child.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  expect(first.printed().split(key)).toHaveLength(2);
  expect(first.printed()).toContain("Made the sealing key");
  expect(first.printed()).not.toContain(secret);

  const second = world.run(["--first-key"]);
  const again = await second.prints(serving);
  const flags = ["--name", "shop", "--rights", "read,reject", "--refs", ref];
  const made = world.run(["key", "create", ...flags]);
  expect(await made.exited).toBe(0);
  const shop = keyText.exec(made.printed())![1]!;
  expect(await (await getOne(again, shop)).json()).toMatchObject({ secret });
  const revoked = world.run(["key", "revoke", shop.slice(3, 13)]);
  expect(await revoked.exited).toBe(0);
  await until("the key has ended", async () => (await getOne(again, shop)).status === 401);
  // Whoever read its log has gone: what it still notes while it stops goes nowhere.
  second.child.stdout!.destroy();
  second.child.kill("SIGINT");
  expect(await second.exited).toBe(0);
  expect(second.printed()).not.toMatch(keyText);
  expect(world.simulator.log.tally().issued).toBe(1);
});

test.each([
  ["no-key", [], {}],
  ["plain-http", ["--first-key"], { LINGPAI_SERVER_HOST: "0.0.0.0" }],
  ["unsealed", ["--first-key"], { LINGPAI_STORE_URL: "sqlite:own.sqlite" }],
])(
  "a server does not start with the risk %s unless the risk is allowed",
  async (risk, args, env) => {
    const refused = world.run(args, env);
    expect(await refused.exited).toBe(2);
    expect(refused.printed()).toContain(`\n  ${risk}: `);
    expect(refused.printed()).toContain(`--allow ${risk}\n`);
    expect(refused.printed()).not.toMatch(keyText);
    const allowed = world.run([...args, "--allow", risk], env);
    await allowed.prints(serving);
    // A refused start must not make a key, because nobody would see it.
    expect(keyText.test(allowed.printed())).toBe(risk !== "no-key");
    allowed.child.kill("SIGTERM");
    expect(await allowed.exited).toBe(0);
  },
);

test("wrong usage and invalid settings exit with 2 before anything is made", async () => {
  const unknown = world.run(["serve", "--allow", "everything"]);
  const misspelt = world.run([], { LINGPAI_SERVER_PROT: "1" });
  const codes = await Promise.all([unknown.exited, misspelt.exited]);
  expect(codes).toEqual([2, 2]);
  expect(misspelt.printed()).toContain("Did you mean LINGPAI_SERVER_PORT?");
  expect(await readdir(world.folder)).toEqual([]);
});

test.each(["waits", "has hung up"])(
  "after SIGTERM during a fetch whose caller %s, the token is stored, and open streams end with a hint",
  async (caller) => {
    const server = world.run(["--first-key"]);
    const url = await server.prints(serving);
    const key = await server.prints(keyText);
    const headers = { authorization: `Bearer ${key}` };
    const first = await getOne(url, key);
    const { secret } = (await first.json()) as { readonly secret: string };
    const waiting = fetch(`${url}/v1/credentials/${ref}?wait=55`, {
      headers: { ...headers, "if-none-match": first.headers.get("etag")! },
    });
    const stream = await fetch(`${url}/v1/events`, { headers });
    world.simulator.faults.next({ delayAfterMs: 3_000 }, { endpoint: "/cgi-bin/stable_token" });
    const asked = request(`${url}/v1/credentials/${ref}/refresh`, { method: "POST", headers });
    const answered = new Promise<number | undefined>((resolve) => {
      asked.once("response", (response) => resolve(response.resume().statusCode));
      asked.once("error", () => resolve(undefined));
      asked.end();
    });
    await until("the platform has it", async () => world.simulator.faults.pending === 0);
    if (caller === "has hung up") asked.destroy();
    server.child.kill("SIGTERM");
    const ended = await waiting;
    expect(ended.status).toBe(304);
    expect(ended.headers.get("retry-after")).toBe("1");
    expect(await stream.text()).toContain("retry: 2000");
    expect(await answered).toBe(caller === "waits" ? 200 : undefined);
    expect(await server.exited).toBe(0);

    const { issued } = world.simulator.log.tally();
    const next = world.run([]);
    const later = await getOne(await next.prints(serving), key);
    const found = (await later.json()) as { readonly secret: string; readonly generation: number };
    expect(found.generation).toBe(2);
    expect(found.secret).not.toBe(secret);
    expect(world.simulator.log.tally().issued).toBe(issued);
    next.child.kill("SIGTERM");
    expect(await next.exited).toBe(0);
  },
);
