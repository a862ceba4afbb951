import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test, vi } from "vitest";
import { createApi } from "./api.ts";
import type { Api } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted, ScriptedFetch } from "../transport/scripted-fetch.fixture.ts";

const url = "https://api.weixin.qq.com/cgi-bin/media/upload?type=image";
const dead = { errcode: 42001, errmsg: "access_token expired" };
const ok = { media_id: "m" };

function client(answers: Scripted[], replayBytesMax?: number): { api: Api; fetch: ScriptedFetch } {
  const fetch = scriptedFetch(...answers);
  return {
    fetch,
    api: createApi(fakeCredential(), {
      fetch,
      clock: manualClock(),
      ...(replayBytesMax === undefined ? {} : { replayBytesMax }),
    }),
  };
}

const streamOf = (...parts: string[]): ReadableStream<Uint8Array> =>
  ReadableStream.from(parts.map((part) => new TextEncoder().encode(part)));
async function* generated(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield new TextEncoder().encode(part);
}
const form = (): FormData => {
  const data = new FormData();
  data.append("media", new File(["pixels"], "图.png", { type: "image/png" }));
  data.append("description", "令牌");
  return data;
};

describe("a replayed call", () => {
  test.each<[string, () => RequestInit["body"], RegExp]>([
    ["text", () => "令牌", /^令牌$/],
    ["bytes", () => new TextEncoder().encode("bytes"), /^bytes$/],
    ["a part of a buffer", () => new TextEncoder().encode("xbytesx").subarray(1, 6), /^bytes$/],
    ["an ArrayBuffer", () => new TextEncoder().encode("buffer").buffer, /^buffer$/],
    ["parameters", () => new URLSearchParams({ a: "b c" }), /^a=b\+c$/],
    ["a blob", () => new Blob(["blob"]), /^blob$/],
    [
      "a form with a file",
      form,
      /filename="图\.png"\r\nContent-Type: image\/png\r\n\r\npixels\r\n[^]*name="description"\r\n\r\n令牌/,
    ],
    ["a stream", () => streamOf("str", "eam"), /^stream$/],
    ["an async iterable", () => generated("iter", "able"), /^iterable$/],
  ])("carries %s whole both times", async (_title, body, expected) => {
    const { api, fetch } = client([dead, ok]);
    const init: RequestInit = {
      method: "POST",
      body: body() ?? null,
      headers: { "x-trace": "t" },
      duplex: "half",
    };
    await expect(api.fetch(url, init).then((response) => response.json())).resolves.toEqual(ok);
    expect(fetch.sent).toHaveLength(2);
    for (const [index, sent] of fetch.sent.entries()) {
      expect(sent.body).toMatch(expected);
      expect(sent.method).toBe("POST");
      expect(sent.headers.get("x-trace")).toBe("t");
      expect(sent.url.href).toBe(`${url}&access_token=${tokenOf(index + 1)}`);
    }
    const types = fetch.sent.map(({ headers }) =>
      headers.get("content-type")?.replace(/boundary=.*/, ""),
    );
    expect(types[0]).toBe(types[1]);
  });

  test("carries the method, headers and body of a Request", async () => {
    const { api, fetch } = client([dead, ok]);
    const request = new Request(url, {
      method: "PUT",
      body: streamOf("from ", "request"),
      headers: { "content-type": "text/x-own" },
      duplex: "half",
    });
    await api.fetch(request);
    expect(
      fetch.sent.map(({ method, body, headers }) => [method, body, headers.get("content-type")]),
    ).toEqual([
      ["PUT", "from request", "text/x-own"],
      ["PUT", "from request", "text/x-own"],
    ]);
    expect(request.bodyUsed).toBe(true);
  });

  test("uses the init where it contradicts the Request", async () => {
    const { api, fetch } = client([dead, ok]);
    await api.fetch(new Request(url, { method: "POST", body: "old" }), {
      body: "new",
      headers: { "x-a": "1" },
    });
    expect(fetch.sent.map(({ body, headers }) => [body, headers.get("x-a")])).toEqual([
      ["new", "1"],
      ["new", "1"],
    ]);
  });

  test.each<[string, () => { readonly body: RequestInit["body"]; meddle(): void }]>([
    [
      "bytes",
      () => {
        const body = new TextEncoder().encode("before");
        return { body, meddle: () => void body.fill(0x78) };
      },
    ],
    [
      "parameters",
      () => {
        const body = new URLSearchParams({ a: "before" });
        return { body, meddle: () => body.set("a", "x") };
      },
    ],
    [
      "a form",
      () => {
        const body = new FormData();
        body.set("a", "before");
        return { body, meddle: () => body.set("a", "x") };
      },
    ],
  ])(
    "does not change when the caller changes %s or the headers meanwhile",
    async (_title, prepare) => {
      const { body, meddle } = prepare();
      const headers = new Headers({ "x-a": "before" });
      const refuse = (): Response => {
        meddle();
        headers.set("x-a", "after");
        return Response.json(dead);
      };
      const { api, fetch } = client([refuse, ok]);
      await api.fetch(url, { method: "POST", body: body ?? null, headers });
      expect(fetch.sent.map((sent) => [/before/.test(sent.body), sent.headers.get("x-a")])).toEqual(
        [
          [true, "before"],
          [true, "before"],
        ],
      );
    },
  );

  test("is refused before it is sent if its stream is too long to keep, and the stream is cancelled", async () => {
    const { api, fetch } = client([ok], 8);
    const cancel = vi.fn<() => void>();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
      cancel,
    });
    await expect(
      api.fetch(url, { method: "POST", body: endless, duplex: "half" }),
    ).rejects.toMatchObject({
      code: "CONFIGURATION",
      rule: "replay-bytes",
      message: expect.stringMatching(/more than 8 bytes.*raise replayBytesMax/),
    });
    expect(fetch.sent).toHaveLength(0);
    expect(cancel).toHaveBeenCalledOnce();
    await expect(
      api.fetch(url, { method: "POST", body: streamOf("12345678"), duplex: "half" }),
    ).resolves.toBeInstanceOf(Response);
  });

  test("without a body has none", async () => {
    const { api, fetch } = client([dead, ok]);
    await api.fetch(new Request(url));
    expect(fetch.sent.map(({ method, body }) => [method, body])).toEqual([
      ["GET", ""],
      ["GET", ""],
    ]);
  });
});

describe("an answer that is no refusal", () => {
  test("in binary passes through byte by byte, and only its first chunk is read ahead", async () => {
    let pulled = 0;
    const image = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024).fill(pulled === 1 ? 0x89 : 0x50));
        if (pulled === 100) controller.close();
      },
    });
    const answer = (): Response =>
      new Response(image, { headers: { "content-type": "image/png" } });
    const response = await client([answer]).api.fetch(url);
    expect(pulled).toBeLessThanOrEqual(4);
    expect(response.headers.get("content-type")).toBe("image/png");
    const bytes = await response.bytes();
    expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([102_400, 0x89, 0x50]);
  });

  test("in JSON that is longer than any refusal passes through, and at most 64 KiB are read ahead", async () => {
    let pulled = 0;
    const text = `{"errcode":0,"list":"${"a".repeat(300_000)}"}`;
    const long = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(
          new TextEncoder().encode(text.slice(pulled * 8192, (pulled + 1) * 8192)),
        );
        pulled += 1;
        if (pulled * 8192 >= text.length) controller.close();
      },
    });
    const response = await client([() => new Response(long)]).api.fetch(url);
    expect(pulled).toBeLessThanOrEqual(12);
    await expect(response.text()).resolves.toBe(text);
  });

  test.each<[string, Response, boolean]>([
    ["nothing", new Response(null, { status: 204 }), false],
    ["a number that is no code", Response.json({ errcode: "none" }), false],
    ["truncated JSON", new Response('{"errcode":40001,"err'), false],
    [
      "a dead token as text/plain",
      new Response(JSON.stringify(dead), { headers: { "content-type": "text/plain" } }),
      true,
    ],
    [
      "a dead token after a byte order mark and a newline",
      new Response(`\ufeff\r\n ${JSON.stringify(dead)}`),
      true,
    ],
    ["a dead token with HTTP 401", Response.json(dead, { status: 401 }), true],
    [
      "a dead token as an image",
      new Response(JSON.stringify(dead), { headers: { "content-type": "image/jpeg" } }),
      true,
    ],
  ])("%s is distinguished from one", async (_title, answer, replayed) => {
    const { api, fetch } = client([answer, ok]);
    await api.fetch(url);
    expect(fetch.sent).toHaveLength(replayed ? 2 : 1);
  });

  test("that breaks off in the middle is an error for its reader, not for the client", async () => {
    const broken = (): Response =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')),
          pull: (controller) => controller.error(new Error("reset")),
        }),
      );
    const response = await client([broken]).api.fetch(url);
    await expect(response.text()).rejects.toThrow("reset");
  });
});
