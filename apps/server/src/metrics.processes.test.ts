import { afterEach, beforeEach, expect, test } from "vitest";
import { appWorld, getOne, ref } from "./server-world.fixture.ts";
import type { AppWorld } from "./server-world.fixture.ts";

let world: AppWorld;
beforeEach(async () => {
  world = await appWorld();
});
afterEach(() => world.close());

test("/metrics returns this process's credentials in Prometheus's format, without a secret", async () => {
  const { keys, url } = await world.start();
  const { key } = await keys.create({ name: "prometheus", rights: ["read"], refs: ["*"] });
  const { secret } = (await (await getOne(url, key)).json()) as { readonly secret: string };
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  const text = await response.text();
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const fetches = text
    .split("\n")
    .filter((line) => line.startsWith("lingpai_provider_fetches_total{"));
  expect(fetches).toEqual([expect.stringMatching(new RegExp(`"${ref}".*"ok".* 1( |$)`))]);
  for (let at = 0; at + 8 <= secret.length; at += 1)
    expect(text).not.toContain(secret.slice(at, at + 8));
});
