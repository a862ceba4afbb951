/** The parts of a call's arguments that are kept for the next send. */
import { describe, expect, test } from "vitest";
import { replayableCall } from "./replayable-call.ts";
import type { CallInit } from "./replayable-call.ts";

const url = "https://api.weixin.qq.com/cgi-bin/user/info";
const callOf = (init: CallInit | undefined) => replayableCall(url, init, 1_024);

describe("a call", () => {
  test.each([
    [undefined, "error"],
    ["follow", "error"],
    ["error", "error"],
    ["manual", "manual"],
  ] as const)("with the redirect %s is sent with %s", async (redirect, sent) => {
    const call = await callOf(redirect === undefined ? {} : { redirect });
    expect(call.init().redirect).toBe(sent);
  });

  test.each([
    ["GET", undefined, true],
    ["head", undefined, true],
    ["POST", undefined, false],
    ["POST", true, true],
    ["GET", false, false],
  ])("by %s, marked %s, may be processed twice: %s", async (method, idempotent, may) => {
    const call = await callOf({ method, ...(idempotent !== undefined && { idempotent }) });
    expect(call.idempotent).toBe(may);
  });

  test("keeps the caller's signal, and has no body if none was given", async () => {
    const { signal } = new AbortController();
    expect((await callOf({ signal })).signal).toBe(signal);
    expect((await callOf(undefined)).signal).toBeUndefined();
    expect("body" in (await callOf({ body: null })).init()).toBe(false);
  });

  test.each<[string, number, (length: number) => CallInit["body"]]>([
    ["a text", 262_144, (length) => "a".repeat(length)],
    ["a buffer", 262_144, (length) => new ArrayBuffer(length)],
    ["bytes", 262_144, (length) => new Uint8Array(length)],
  ])("with %s is an upload from one byte above %d", async (_title, length, bodyOf) => {
    const isUpload = async (size: number): Promise<boolean> =>
      (await callOf({ method: "POST", body: bodyOf(size) as NonNullable<CallInit["body"]> }))
        .isUpload;
    expect([await isUpload(1), await isUpload(length), await isUpload(length + 1)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("carries a buffer's original bytes, even if the caller overwrites them", async () => {
    const buffer = new Uint8Array([1, 2, 3]);
    const call = await callOf({ method: "POST", body: buffer.buffer });
    buffer.fill(9);
    const sent = await new Request(url, call.init()).arrayBuffer();
    expect([...new Uint8Array(sent)]).toEqual([1, 2, 3]);
  });
});
