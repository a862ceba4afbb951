import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { dashboardAssets } from "./dashboard-assets.ts";

const assets = dashboardAssets();
const ask = (
  path: string,
  init: ConstructorParameters<typeof Request>[1] = {},
): Response | undefined => assets(new Request(`http://server.test${path}`, init));

test("the page forbids inline, foreign and framed content, and is revalidated each time", () => {
  const { headers, status } = ask("/?x=1")!;
  expect(status).toBe(200);
  const policy = headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBe("no-cache");
});

test("files with a hash in their name are cached forever, and sent compressed", async () => {
  const text = await ask("/")!.text();
  const paths = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  for (const path of paths) {
    const plain = ask(path)!;
    expect(plain.headers.get("cache-control")).toContain("immutable");
    const packed = ask(path, { headers: { "accept-encoding": "br, gzip" } })!;
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    const unpacked = gunzipSync(Buffer.from(await packed.arrayBuffer())).toString();
    expect(unpacked).toBe(await plain.text());
    expect(await ask(path, { method: "HEAD" })!.text()).toBe("");
  }
});

test("every other path is left to the server", () => {
  for (const path of ["/v1/session", "/assets/none.js", "/index.html", "/assets/", "//"])
    expect(ask(path)).toBeUndefined();
  expect(ask("/", { method: "POST" })).toBeUndefined();
});
