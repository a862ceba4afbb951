import { inspect } from "node:util";
import { IssueError, Secret } from "@lingpai/core";
import { revealed } from "@lingpai/core";
import type { Issued, Issuer, IssueRequest } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test, vi } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { plainToken } from "./plain-token.ts";
import { networkError, scriptedFetch, silence } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted, ScriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { stableToken } from "./stable-token.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const token = "T".repeat(512);
const granted = { access_token: token, expires_in: 7200 };

function request(more: Partial<IssueRequest> = {}): IssueRequest {
  return {
    signal: new AbortController().signal,
    reason: "cold",
    forced: false,
    current: undefined,
    parent: undefined,
    ...more,
  };
}

const clock = manualClock({ wallMs: Date.UTC(2026, 0, 1, 12, 0, 30) });
const kinds = { plain: plainToken, stable: stableToken };
type Kind = keyof typeof kinds;

function issuerOf(
  kind: Kind,
  fetch: ScriptedFetch,
  more: { secret?: () => string | Promise<string> } = {},
): Issuer {
  return kinds[kind]({ appId, secret, fetch, clock, ...more });
}

async function failure(issuer: Issuer, more: Partial<IssueRequest> = {}): Promise<IssueError> {
  const outcome = await issuer.issue(request(more)).catch((error: unknown) => error);
  if (outcome instanceof IssueError) return outcome;
  throw new Error(`expected an IssueError, got ${inspect(outcome)}`);
}

describe("the plain token's issuer", () => {
  test("sends the documented request", async () => {
    const fetch = scriptedFetch(granted);
    await expect(issuerOf("plain", fetch).issue(request())).resolves.toEqual<Issued>({
      secret: asSecret(token),
      expiresInMs: 7_200_000,
    });
    const [sent] = fetch.sent;
    expect(sent?.method).toBe("GET");
    expect(sent?.url.href).toBe(
      `https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${secret}`,
    );
    expect(sent?.init.redirect).toBe("error");
  });

  test("has its AppID in its name, and supersedes within five minutes or at once", () => {
    const issuer = plainToken({ appId, secret });
    expect(issuer).toMatchObject({
      id: `wechat:plain:${appId}`,
      policy: { kind: "supersede", overlapMs: 300_000 },
      lifetimeMs: 7_200_000,
      quota: { perDay: 2000, dayOffsetMs: 28_800_000 },
    });
    expect(plainToken({ appId, secret, overlapMs: 0, quotaPerDay: 200 })).toMatchObject({
      policy: { overlapMs: 0 },
      quota: { perDay: 200 },
    });
  });
});

describe("the stable token's issuer", () => {
  test("sends the documented request, with the secret in the body alone", async () => {
    const fetch = scriptedFetch({ access_token: token, expires_in: 345 });
    await expect(issuerOf("stable", fetch).issue(request())).resolves.toMatchObject({
      secret: asSecret(token),
      expiresInMs: 345_000,
    });
    const [sent] = fetch.sent;
    expect(sent?.method).toBe("POST");
    expect(sent?.url.href).toBe("https://api.weixin.qq.com/cgi-bin/stable_token");
    expect(sent?.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(sent?.body ?? "")).toEqual({
      grant_type: "client_credential",
      appid: appId,
      secret,
      force_refresh: false,
    });
  });

  test("forces a new token only if told to", async () => {
    const fetch = scriptedFetch(granted);
    await issuerOf("stable", fetch).issue(request({ forced: true }));
    expect(JSON.parse(fetch.sent[0]?.body ?? "")).toMatchObject({ force_refresh: true });
  });

  test("has its AppID in its name, is stable, and knows the quota of forced fetches", () => {
    expect(stableToken({ appId, secret })).toMatchObject({
      id: `wechat:stable:${appId}`,
      policy: { kind: "stable", renewWithinMs: 300_000 },
      quota: { perDay: 500_000, forced: { perDay: 20, gapMs: 30_000 } },
    });
  });
});

describe.each(["plain", "stable"] as const)("a %s token's answer", (kind) => {
  const page = (status: number, body = "<html>", headers: Record<string, string> = {}): Response =>
    new Response(body, { status, headers });

  test.each<[string, Scripted, Partial<IssueError>]>([
    ["an empty object", {}, { outcome: "unknown" }],
    ["an empty token", { access_token: "", expires_in: 7200 }, { outcome: "unknown" }],
    ["no lifetime", { access_token: token }, { outcome: "unknown" }],
    ["an absurd lifetime", { access_token: token, expires_in: 1e12 }, { outcome: "unknown" }],
    [
      "an error together with a token",
      { errcode: 40001, ...granted },
      { outcome: "unknown", platformCode: "invalid-answer" },
    ],
    ["a page", page(200), { outcome: "unknown", platformCode: "invalid-answer" }],
    ["nothing", page(200, ""), { outcome: "unknown" }],
    [
      "a token twice",
      page(200, '{"access_token":"a","access_token":"b","expires_in":7200}'),
      { outcome: "unknown" },
    ],
    ["more than 64 KiB", page(200, `${" ".repeat(70_000)}{}`), { outcome: "unknown" }],
    ["HTTP 500", page(500), { outcome: "unknown", platformCode: "http-500" }],
    ["HTTP 502 with a token", page(502, JSON.stringify(granted)), { outcome: "unknown" }],
    [
      "HTTP 503 and a wait",
      page(503, "", { "retry-after": "7" }),
      { outcome: "unknown", retryAfterMs: 7000 },
    ],
    ["HTTP 201 with a token", page(201, JSON.stringify(granted)), { outcome: "unknown" }],
    [
      "HTTP 302",
      page(302, "", { location: "https://evil.example/" }),
      { outcome: "unknown", platformCode: "http-302" },
    ],
    ["HTTP 404", page(404), { outcome: "unknown" }],
    ["HTTP 403 of a firewall", page(403, "invalid_client <html>"), { outcome: "unknown" }],
    [
      "HTTP 403 that mentions invalid_client elsewhere",
      page(403, '{"message":"invalid_client"}'),
      { outcome: "unknown" },
    ],
    [
      "HTTP 401 invalid_client",
      page(401, '{"error":"invalid_client"}'),
      { outcome: "fatal", retryable: false },
    ],
    ["HTTP 403 invalid_client", page(403, '{"error":"invalid_client"}'), { outcome: "fatal" }],
    [
      "HTTP 403 with a code",
      page(403, '{"errcode":40164,"errmsg":"invalid ip"}'),
      { outcome: "fatal", platformCode: "40164" },
    ],
    ["HTTP 429 without a wait", page(429), { outcome: "busy", retryAfterMs: undefined }],
    [
      "HTTP 429 and an endless wait",
      page(429, "", { "retry-after": "1000000000" }),
      { outcome: "busy", retryAfterMs: 600_000 },
    ],
    [
      "HTTP 429 and a past date",
      page(429, "", { "retry-after": "Thu, 01 Jan 2015 00:00:00 GMT" }),
      { outcome: "busy", retryAfterMs: 1000 },
    ],
    [
      "-1",
      { errcode: -1, errmsg: "system error" },
      { outcome: "busy", platformCode: "-1", retryable: true },
    ],
    ["45011", { errcode: 45011 }, { outcome: "busy", retryAfterMs: 30_000 }],
    [
      "45009",
      { errcode: 45009 },
      { outcome: "quota", retryAfterMs: (3 * 60 + 59) * 60_000 + 30_000 },
    ],
    [
      "40125",
      { errcode: 40125, errmsg: "invalid appsecret" },
      { outcome: "fatal", platformCode: "40125", retryable: false },
    ],
    ["40001 as text", { errcode: "40001" }, { outcome: "fatal", platformCode: "40001" }],
    ["40164", { errcode: 40164 }, { outcome: "fatal" }],
    ["40243", { errcode: 40243 }, { outcome: "fatal" }],
    ["an unlisted code", { errcode: 88888 }, { outcome: "busy", platformCode: "88888" }],
    ["a refused connection", networkError("ECONNREFUSED"), { outcome: "unsent" }],
    ["an unknown host", networkError("ENOTFOUND"), { outcome: "unsent" }],
    ["a reset", networkError("ECONNRESET"), { outcome: "unknown" }],
    [
      "a body that breaks off, whatever the reason",
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.error(networkError("ENETUNREACH")),
          }),
        ),
      { outcome: "unknown" },
    ],
    ["a fetch that throws no error", () => Promise.reject("no"), { outcome: "unknown" }],
  ])("with %s has its outcome", async (_title, answer, expected) => {
    const error = await failure(issuerOf(kind, scriptedFetch(answer)));
    expect(error).toMatchObject(expected);
    expect("cause" in error).toBe(false);
  });

  test("with errcode 0 and a token is a success", async () => {
    await expect(
      issuerOf(kind, scriptedFetch({ errcode: 0, errmsg: "ok", ...granted })).issue(request()),
    ).resolves.toMatchObject({
      secret: asSecret(token),
    });
  });

  test("that does not come is unknown when the deadline passes", async () => {
    const deadline = new AbortController();
    const failed = failure(issuerOf(kind, scriptedFetch(silence)), { signal: deadline.signal });
    deadline.abort();
    await expect(failed).resolves.toMatchObject({
      outcome: "unknown",
      message: expect.stringMatching(/no answer within its deadline/),
    });
  });

  test("that arrives slowly is unknown when the deadline passes", async () => {
    const deadline = new AbortController();
    const trickle = (): Response => {
      queueMicrotask(() => setImmediate(() => deadline.abort()));
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        }),
      );
    };
    await expect(
      failure(issuerOf(kind, scriptedFetch(trickle)), { signal: deadline.signal }),
    ).resolves.toMatchObject({
      outcome: "unknown",
    });
  });

  test("is not requested if the deadline has already passed", async () => {
    const fetch = scriptedFetch(granted);
    await expect(
      failure(issuerOf(kind, fetch), { signal: AbortSignal.abort() }),
    ).resolves.toMatchObject({ outcome: "unsent" });
    expect(fetch.sent).toHaveLength(0);
  });

  test("ends the day by the platform's clock", async () => {
    const late = Response.json(
      { errcode: 45009 },
      { headers: { date: "Thu, 01 Jan 2026 15:59:00 GMT" } },
    );
    await expect(failure(issuerOf(kind, scriptedFetch(late)))).resolves.toMatchObject({
      retryAfterMs: 60_000,
    });
  });
});

describe.each(["plain", "stable"] as const)("a %s token's secret", (kind) => {
  test("is read at each fetch if it is a function", async () => {
    const secrets = [secret, secret.toUpperCase()];
    const fetch = scriptedFetch(granted);
    const issuer = issuerOf(kind, fetch, { secret: () => secrets.shift() ?? "" });
    await issuer.issue(request());
    await issuer.issue(request());
    expect(fetch.sent.map(({ url, body }) => `${url.search}${body}`)).toEqual([
      expect.stringContaining(secret),
      expect.stringContaining(secret.toUpperCase()),
    ]);
  });

  test.each([40125, 40001])(
    "that is refused with %d is read once more, and sent again if it changed",
    async (errcode) => {
      const secrets = [secret, secret.toUpperCase()];
      const fetch = scriptedFetch({ errcode }, granted);
      const issuer = issuerOf(kind, fetch, {
        secret: () => Promise.resolve(secrets.shift() ?? ""),
      });
      await expect(issuer.issue(request())).resolves.toMatchObject({ secret: asSecret(token) });
      expect(fetch.sent).toHaveLength(2);
    },
  );

  test("that is refused and did not change is not sent again", async () => {
    const ask = vi.fn<() => string>(() => secret);
    const fetch = scriptedFetch({ errcode: 40125 });
    await expect(failure(issuerOf(kind, fetch, { secret: ask }))).resolves.toMatchObject({
      outcome: "fatal",
    });
    expect([ask.mock.calls.length, fetch.sent.length]).toEqual([2, 1]);
  });

  test("that is refused again after it changed is not sent a third time", async () => {
    const secrets = [secret, secret.toUpperCase(), "0".repeat(32)];
    const fetch = scriptedFetch({ errcode: 40125 });
    await expect(
      failure(issuerOf(kind, fetch, { secret: () => secrets.shift() ?? "" })),
    ).resolves.toMatchObject({ outcome: "fatal" });
    expect(fetch.sent).toHaveLength(2);
  });

  test("is not read again after a refusal with another cause", async () => {
    const ask = vi.fn<() => string>(() => secret);
    await failure(issuerOf(kind, scriptedFetch({ errcode: 40164 }), { secret: ask }));
    expect(ask).toHaveBeenCalledOnce();
  });

  test.each<[string, () => string | Promise<string>, RegExp]>([
    [
      "throws",
      () => {
        throw new TypeError("the vault says s3cr3t");
      },
      /failed \(TypeError\)/,
    ],
    ["rejects", () => Promise.reject(networkError("ECONNREFUSED")), /failed \(TypeError\)/],
    ["gives a placeholder", () => "your-secret", /is a placeholder/],
  ])("whose function %s causes no request", async (_title, ask, message) => {
    const fetch = scriptedFetch(granted);
    const error = await failure(issuerOf(kind, fetch, { secret: ask }));
    expect(error).toMatchObject({ outcome: "unsent", message: expect.stringMatching(message) });
    expect(inspect(error)).not.toContain("s3cr3t");
    expect(fetch.sent).toHaveLength(0);
  });

  test("that never comes ends at the deadline", async () => {
    const deadline = new AbortController();
    const failed = failure(
      issuerOf(kind, scriptedFetch(granted), { secret: () => new Promise(() => undefined) }),
      {
        signal: deadline.signal,
      },
    );
    deadline.abort();
    await expect(failed).resolves.toMatchObject({ outcome: "unsent" });
  });

  test("has a revision that changes with it and does not show it", () => {
    let present = secret;
    const issuer = issuerOf(kind, scriptedFetch(granted), { secret: () => present });
    const before = issuer.revision?.();
    expect(issuer.revision?.()).toBe(before);
    expect(issuerOf(kind, scriptedFetch(granted)).revision?.()).toBe(before);
    expect(before).not.toContain(secret.slice(0, 8));
    present = secret.toUpperCase();
    expect(issuer.revision?.()).not.toBe(before);
  });

  test("that comes from an asynchronous function changes its revision after the call, and keeps it while the function fails", async () => {
    let present: Promise<string> = Promise.resolve(secret);
    const issuer = issuerOf(kind, scriptedFetch(granted), { secret: () => present });
    await issuer.issue(request());
    const before = issuer.revision?.();
    await clock.settle();
    present = Promise.reject(new Error("the vault is shut"));
    issuer.revision?.();
    await clock.settle();
    expect(issuer.revision?.()).toBe(before);
    await clock.settle();
    present = Promise.resolve(secret.toUpperCase());
    issuer.revision?.();
    await clock.settle();
    expect(issuer.revision?.()).not.toBe(before);
  });

  test("appears in no error and no inspection, whatever the platform echoes", async () => {
    const echoes: Scripted[] = [
      { errcode: 40125, errmsg: `invalid appsecret ${secret}` },
      { errcode: 40013, errmsg: `bad ${secret.slice(4, 14)}` },
      { errcode: 40001, access_token: token },
      new Response(`<html>${secret}</html>`),
      new Response(secret, { status: 500 }),
      networkError("ECONNRESET", `https://api.weixin.qq.com/?secret=${secret}`),
      Object.assign(new Error(`secret=${secret}`), { config: { url: secret } }),
    ];
    for (const echo of echoes) {
      const error = await failure(issuerOf(kind, scriptedFetch(echo)));
      const shown = [
        inspect(error, { depth: null, showHidden: true }),
        JSON.stringify(error),
        error.stack,
        String(error),
      ].join("\n");
      for (let start = 0; start + 8 <= secret.length; start++)
        expect(shown).not.toContain(secret.slice(start, start + 8));
      expect(shown).not.toContain("TTTTTTTT");
    }
    const issuer = issuerOf(kind, scriptedFetch(granted));
    expect(inspect(issuer, { depth: null, showHidden: true })).not.toContain(secret);
    expect(JSON.stringify(issuer)).not.toContain(secret);
  });

  test("stays hidden in the issuer's answer, so printing the answer does not show the token", async () => {
    const answer = await issuerOf(kind, scriptedFetch(granted)).issue(request());
    const shown = inspect(answer, { depth: null, showHidden: true }) + JSON.stringify(answer);
    expect(shown).not.toContain(token.slice(0, 8));
    expect(revealed(answer.secret)).toBe(token);
  });
});

describe.each(["plain", "stable"] as const)("a %s token's probe", (kind) => {
  const live = new AbortController().signal;
  const probe = (answer: Scripted, signal = live): Promise<string> | undefined =>
    issuerOf(kind, scriptedFetch(answer)).probe?.(new Secret(token, "fp"), signal);

  test.each<[string, Scripted, string]>([
    ["a list of addresses", { ip_list: ["127.0.0.1"] }, "alive"],
    ["40001", { errcode: 40001 }, "dead"],
    ["42001", { errcode: 42001 }, "dead"],
    ["40014", { errcode: 40014 }, "dead"],
    ["-1", { errcode: -1 }, "unknown"],
    ["48001", { errcode: 48001 }, "unknown"],
    ["a page", new Response("<html>"), "unknown"],
    ["an empty object", {}, "unknown"],
    ["HTTP 500", new Response('{"ip_list":[]}', { status: 500 }), "unknown"],
    ["a reset", networkError("ECONNRESET"), "unknown"],
  ])("that gets %s reports %3$s", async (_title, answer, verdict) => {
    await expect(probe(answer)).resolves.toBe(verdict);
  });

  test("that gets no answer reports unknown when the signal aborts", async () => {
    await expect(probe(silence, AbortSignal.abort())).resolves.toBe("unknown");
  });
});

describe("constructing an issuer", () => {
  test("sends nothing and asks for no secret", () => {
    const fetch = scriptedFetch();
    const ask = vi.fn<() => string>(() => secret);
    plainToken({ appId, secret: ask, fetch });
    stableToken({ appId, secret: ask, fetch });
    expect(fetch.sent).toHaveLength(0);
    expect(ask).not.toHaveBeenCalled();
  });

  test("refuses an invalid AppID or secret", () => {
    expect(() => plainToken({ appId: `${appId} `, secret })).toThrow(
      expect.objectContaining({ rule: "id-shape" }),
    );
    expect(() => stableToken({ appId, secret: "your-app-secret" })).toThrow(
      expect.objectContaining({ rule: "secret-shape" }),
    );
    expect(() => stableToken({ appId, secret: `${secret}\n` })).toThrow(
      expect.objectContaining({ rule: "secret-shape" }),
    );
    expect(stableToken({ appId, secret: `${secret}\n`, trim: true }).id).toBe(
      `wechat:stable:${appId}`,
    );
  });

  test.each([
    "api.weixin.qq.com",
    "http://api.weixin.qq.com",
    "ftp://localhost",
    "https://user:pass@api.weixin.qq.com",
    "https://api.weixin.qq.com/?a=1",
    "https://api.weixin.qq.com/#x",
    "https://169.254.169.254",
    "https://[fe80::1]",
    "http://127.0.0.1.evil.example",
  ])("refuses the base URL %s", (baseUrl) => {
    expect(() => stableToken({ appId, secret, baseUrl })).toThrow(
      expect.objectContaining({ rule: "base-url" }),
    );
  });

  test.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/cgi-bin/stable_token"],
    ["https://gateway.example/wechat/", "https://gateway.example/wechat/cgi-bin/stable_token"],
  ])("accepts the base URL %s", async (baseUrl, url) => {
    const fetch = scriptedFetch(granted);
    await stableToken({ appId, secret, baseUrl, fetch }).issue(request());
    expect(fetch.sent[0]?.url.href).toBe(url);
  });
});
