/** The page in a real Chromium, over a token server whose store is a real Redis. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launch, openPage } from "./browser.fixture.ts";
import type { OpenPage } from "./browser.fixture.ts";
import { startRedisWorld } from "./redis-world.fixture.ts";
import type { RedisWorld } from "./redis-world.fixture.ts";

let browser: Browser;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function openWorld(): Promise<RedisWorld & { readonly opened: OpenPage }> {
  const world = await startRedisWorld(2);
  ends.push(() => world.close());
  const opened = await openPage(browser, world);
  ends.push(() => opened.close());
  return { ...world, opened };
}

async function expectText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  const text = async (): Promise<string> =>
    (await page.locator(selector).innerText()).replaceAll("\u00a0", " ");
  await expect.poll(text, { timeout: 40_000 }).toMatch(pattern);
}

test("over Redis, a foreign fetch appears on an open page, and its life line says why", async () => {
  const { opened, steal } = await openWorld();
  const { page } = opened;
  await expectText(page, "h1", /^All 2 credentials are live\.$/);
  await expectText(page, ".fresh", /^live$/);
  await steal(1);
  await expectText(page, "h1", /live\. 1 conflict on \S+ since \d\d:\d\d\.$/);
  await expectText(page, ".rows .row >> nth=0", /Conflict[^]*#2\s+by server-a\s+was refused/);
  await page.click(".rows .row-link >> nth=0");
  await page.waitForSelector(".mark");
  await expectText(page, ".told", /Replaced by others[^]*What to do:[^]*Runbook/);
  expect(opened.printed).toEqual([]);
  expect(await opened.moved()).toEqual([]);
});

test("Redis stops while the page is open: it says so, shows the live tokens, and recovers by itself", async () => {
  const { clients, opened, redis } = await openWorld();
  const { page } = opened;
  await expectText(page, ".fresh", /^live$/);
  await redis.kill();
  await expectText(page, ".notices", /The store does not answer/);
  expect(await page.locator(".rows .row").count()).toBe(2);
  await expectText(page, "h1", /^All 2 credentials are live\./);
  await page.click("nav a >> text=Ledger");
  await expectText(page, ".notices", /The store does not answer/);
  await page.click("nav a >> text=Credentials");
  expect(await opened.violations()).toEqual([]);
  await redis.restart();
  await expectText(page, ".notices", /^$/);
  await expectText(page, ".fresh", /^live$/);
  await clients[0]!.credential.refresh();
  await expectText(page, ".rows", /#2\s+by server-a/);
  // Chromium logs each answer other than 200. The page itself logs nothing.
  expect(opened.printed.filter((line) => !line.includes("Failed to load resource"))).toEqual([]);
});
