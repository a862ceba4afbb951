import { expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { sizeReport, sizesOf, totalsOf } from "./sizes.ts";

const assets = bundle();
const page = assets.find(({ path }) => path === "/")!;

test("the page is within its size budgets", () => {
  const sizes = sizesOf(assets);
  expect(sizes.map(({ what }) => what)).toEqual([
    "JS that the first screen loads",
    "JS of the ledger's chart (uPlot)",
    "CSS",
  ]);
  for (const { bytes, most, what } of sizes) {
    expect([what, bytes]).toEqual([what, expect.any(Number)]);
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThanOrEqual(most);
  }
  expect(sizeReport(sizes)[0]).toMatch(
    /^dashboard: JS that the first screen loads: \d+\.\d kB gz of at most 45\.0 kB$/,
  );
});

test("the sums count every part of the first screen, and every module", () => {
  const [js, chart, css] = sizesOf(assets).map(({ bytes }) => bytes);
  const [first, all] = totalsOf(assets).map(({ bytes }) => bytes);
  expect(first).toBeGreaterThan(js! + css!);
  // The dictionary of the other language is loaded by no first screen.
  expect(all).toBeGreaterThan(js! + chart! + 1_000);
  expect(sizeReport(totalsOf(assets))[1]).toMatch(/^dashboard: all JS \(.*\): \d+\.\d kB gz$/);
});

test("every module except the smaller dictionaries counts towards one of the budgets", () => {
  const names = assets.map(({ path }) => path).filter((path) => path.endsWith(".js"));
  const known = /^\/assets\/(main|uPlot\.esm|en|zh|chunk)-[A-Z0-9]{8}\.js$/;
  expect(names.filter((name) => !known.test(name))).toEqual([]);
  expect(names.length).toBeGreaterThanOrEqual(4);
});

test("the document names only its own files, and has no inline script, style or handler", () => {
  const named = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  expect(named).toHaveLength(3);
  for (const path of named) expect(assets.map((asset) => asset.path)).toContain(path);
  expect(page.text).not.toMatch(/<script(?![^>]*src=)|<style| style=| on[a-z]+=/);
});

test("nothing in the page leads to another host, except the links to the documentation", () => {
  const hosts = assets.flatMap(({ text }) =>
    [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host),
  );
  const known = new Set(["github.com", "www.w3.org"]);
  expect(hosts.filter((host) => !known.has(host!))).toEqual([]);
});

test("the name of every file except the page contains its hash", () => {
  const unhashed = assets.filter(
    ({ path }) => !/^\/assets\/[\w.]+-[A-Z0-9]{8}\.(js|css|svg)$/.test(path),
  );
  expect(unhashed.map(({ path }) => path)).toEqual(["/"]);
});
