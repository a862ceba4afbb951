import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemErrorText } from "./system-error.ts";

test("a port in use is reported with a remedy, and without a stack", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const second = createServer().listen(port, "127.0.0.1");
  const error = await new Promise((resolve) => second.once("error", resolve));
  const text = systemErrorText(error)!;
  expect(text).toContain(String(port));
  expect(text).toContain("server.port");
  expect(text).not.toContain("\n");
  await new Promise((resolve) => taken.close(resolve));
});

test("a directory that cannot be created is named", async () => {
  const path = fileURLToPath(import.meta.url);
  const error = await mkdir(path, { recursive: true }).catch((thrown: unknown) => thrown);
  expect(systemErrorText(error)).toContain(path);
});

test("a bug keeps its stack", () => {
  expect(systemErrorText(new TypeError("x is not a function"))).toBeUndefined();
  expect(systemErrorText(undefined)).toBeUndefined();
});
