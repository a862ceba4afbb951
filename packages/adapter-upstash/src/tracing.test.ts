/** A tracer of fetch sees no sealed token. For an unsealed one, the tracing is reported. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { upstashStore } from "./index.ts";

const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
const requestChannels = ["create", "bodyChunkSent", "bodyChunkReceived", "headers", "trailers"];
const channels = [
  ...requestChannels.map((kind) => `undici:request:${kind}`),
  "undici:client:sendHeaders",
];

/** Answers every command with success. */
async function database(): Promise<{ readonly url: string; readonly token: string }> {
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ result: [1, Buffer.from("v1").toString("base64"), 1] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  return { url: `http://127.0.0.1:${address.port}`, token: "t" };
}

test.each([
  ["open", {}, true],
  ["sealed", { seal: "5e".repeat(32) }, false],
])("a token that is stored %s, with a tracer of fetch", async (_how, sealing, isSeen) => {
  const { cache } = upstashStore(await database(), { deadlineMs: 20_000, ...sealing });
  expect(cache.tracedOn?.() ?? []).toEqual([]);
  let heard = "";
  const listener = (message: unknown): void => {
    const { chunk } = message as { readonly chunk?: Uint8Array | string };
    heard += `${inspect(message, { depth: 6 })}${chunk === undefined ? "" : Buffer.from(chunk).toString()}`;
  };
  for (const channel of channels) subscribe(channel, listener);
  onTestFinished(() => channels.forEach((channel) => void unsubscribe(channel, listener)));
  await cache.set("wx1", marker);
  expect(heard).not.toBe("");
  expect(heard.includes(marker)).toBe(isSeen);
  expect(cache.tracedOn?.() ?? []).toEqual(
    isSeen ? ["undici:request:bodyChunkSent", "undici:request:bodyChunkReceived"] : [],
  );
});
