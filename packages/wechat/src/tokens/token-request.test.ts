/** The errors of a token request, and the two instants between which its answer was made. */
import { IssueError } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createPlatform } from "../transport/platform.ts";
import { networkError, scriptedFetch, silence } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted } from "../transport/scripted-fetch.fixture.ts";
import { requestDatedToken, requestFields } from "./token-request.ts";
import type { TokenRequest } from "./token-request.ts";

const nowMs = Date.UTC(2026, 0, 1, 12);
const date = new Date(nowMs - 5_000).toUTCString();
const granted = { access_token: "t", expires_in: 7200 };

function world(answer: Scripted, more: Partial<TokenRequest> = {}) {
  const clock = manualClock({ wallMs: nowMs });
  const fetch = scriptedFetch(answer);
  const request: TokenRequest = {
    path: "/cgi-bin/token",
    signal: new AbortController().signal,
    secrets: ["s3cret"],
    subject: "wx1",
    endpoint: "token",
    ...more,
  };
  const platform = createPlatform({ fetch, clock });
  const issue = () => requestDatedToken(platform, request, "access_token");
  const failure = async (): Promise<IssueError> => {
    const error: unknown = await issue().catch((thrown: unknown) => thrown);
    if (error instanceof IssueError) return error;
    throw new Error(`expected an IssueError, got ${String(error)}`);
  };
  return { issue, clock, failure, fetch, platform, request };
}

const page = (status: number, body = "<html>", headers = {}): Response =>
  new Response(body, { status, headers });
const broken = (): Response =>
  new Response(new ReadableStream({ pull: (c) => c.error(networkError("ECONNRESET")) }));

describe("a token request", () => {
  test.each<[string, Scripted, Partial<TokenRequest>, Partial<IssueError>]>([
    [
      "that is answered with 429",
      page(429),
      {},
      {
        outcome: "busy",
        platformCode: "429",
        message: "GET /cgi-bin/token for wx1 was answered with HTTP 429: too many requests.",
      },
    ],
    [
      "by POST that is answered with 500",
      page(500),
      { json: {} },
      {
        outcome: "unknown",
        platformCode: "http-500",
        message:
          "POST /cgi-bin/token for wx1 was answered with HTTP 500; the platform may still have issued a credential.",
      },
    ],
    [
      "that is answered with both",
      { ...granted, errcode: 40013 },
      {},
      {
        outcome: "unknown",
        platformCode: "invalid-answer",
        message: expect.stringMatching(
          /^GET \/cgi-bin\/token for wx1: .*it has both an error \(40013\) and a credential/,
        ),
      },
    ],
    [
      "whose connection is refused",
      networkError("ECONNREFUSED"),
      {},
      {
        outcome: "unsent",
        message: "GET /cgi-bin/token for wx1 could not be sent (ECONNREFUSED).",
      },
    ],
    [
      "whose connection breaks for no stated reason",
      new TypeError("fetch failed"),
      {},
      {
        outcome: "unknown",
        message:
          "GET /cgi-bin/token for wx1 broke off (no code); the platform may have processed it.",
      },
    ],
    [
      "whose answer breaks off",
      broken,
      {},
      {
        outcome: "unknown",
        message:
          "GET /cgi-bin/token for wx1 broke off (ECONNRESET); the platform may have processed it.",
      },
    ],
    [
      "whose answer is too long",
      page(200, "{}".padEnd(65_537)),
      {},
      { outcome: "unknown", platformCode: "invalid-answer" },
    ],
    [
      "whose deadline has passed",
      granted,
      { signal: AbortSignal.abort() },
      {
        outcome: "unsent",
        message: "GET /cgi-bin/token for wx1 was not sent: its deadline had passed.",
      },
    ],
  ])("reports %s as its error", async (_title, answer, more, expected) => {
    expect(await world(answer, more).failure()).toMatchObject(expected);
  });

  test("without an answer ends with its signal", async () => {
    const ending = new AbortController();
    const failing = world(silence, { signal: ending.signal }).failure();
    ending.abort();
    expect((await failing).message).toBe(
      "GET /cgi-bin/token for wx1 had no answer within its deadline; the platform may have processed it.",
    );
  });

  test.each([
    [399, '{"errcode":40013}', "http-399"],
    [400, '{"errcode":40013}', "40013"],
    [499, '{"errcode":40013}', "40013"],
    [500, '{"errcode":40013}', "http-500"],
    [400, '{"errcode":"x"}', "http-400"],
    [400, '{"error":"invalid_client"}', "http-400"],
    [401, '{"error":"invalid_client"}', "invalid_client"],
    [403, '{"error":"invalid_client"}', "invalid_client"],
    [401, '{"error":"other"}', "http-401"],
    [401, "<html>", "http-401"],
  ])("that is answered with HTTP %d and %s ends as %s", async (status, body, platformCode) => {
    const error = await world(page(status, body)).failure();
    expect(error.platformCode).toBe(platformCode);
    if (platformCode === "invalid_client")
      expect(error).toMatchObject({
        outcome: "fatal",
        message:
          "GET /cgi-bin/token for wx1 was refused: invalid_client. Check the id and the secret.",
      });
  });

  test("waits as long as the answer asks, and only then", async () => {
    expect(await world(page(503, "", { "retry-after": "7" })).failure()).toMatchObject({
      retryAfterMs: 7_000,
    });
    expect((await world(page(503)).failure()).retryAfterMs).toBeUndefined();
    expect((await world({ errcode: 40013 }).failure()).retryAfterMs).toBeUndefined();
  });

  test("asks for JSON, and identifies itself", async () => {
    const get = world(granted);
    await get.issue();
    expect(get.fetch.sent[0]?.headers.get("accept")).toBe("application/json");
    const post = world(granted, { json: { a: 1 } });
    await post.issue();
    expect(post.fetch.sent[0]).toMatchObject({ method: "POST", body: '{"a":1}' });
    for (const name of ["accept", "content-type"])
      expect(post.fetch.sent[0]?.headers.get(name)).toBe("application/json");
  });
});

describe("the instants of an answer", () => {
  test("are a second apart if the platform dates its answer, and begin with the request", async () => {
    const made = world(async () => {
      await made.clock.advance(300);
      return Response.json(granted, { headers: { date } });
    });
    await made.clock.advance(1_000);
    await expect(made.issue()).resolves.toMatchObject({
      earliestMs: nowMs - 5_000 - 300,
      latestMs: nowMs - 5_000 + 1_000,
    });
  });

  test("come from our own clock if it does not", async () => {
    await expect(world(granted).issue()).resolves.toMatchObject({
      earliestMs: nowMs,
      latestMs: nowMs,
    });
  });
});

test("an answer's fields are read, or its refusal is thrown; an unreadable answer is unknown", async () => {
  const read = (answer: object): Promise<unknown> => {
    const { platform, request } = world(answer);
    return requestFields(platform, request, (fields) => fields.get("a"));
  };
  await expect(read({ a: 1 })).resolves.toBe(1);
  await expect(read({ errcode: 40013 })).rejects.toMatchObject({ platformCode: "40013" });
  await expect(read(page(200, "<html>"))).rejects.toMatchObject({ outcome: "unknown" });
});
