import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { describe, expect, onTestFinished, test } from "vitest";
import { classify, refusalScope } from "../errors/classify.ts";
import { errorTable } from "../errors/wechat-error-table.ts";
import { wecomErrorTable } from "../errors/wecom-error-table.ts";
import type { Fetch } from "../transport/fetch.ts";
import { wechat, type Wechat } from "./wechat.ts";

const minuteMs = 60_000;
const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const tokenPath = "/cgi-bin/stable_token";
const ticketPath = "/cgi-bin/ticket/getticket";

function world(nodes: number) {
  const clock = manualClock();
  const random = seededRandom("mended");
  const simulator = createSimulator({ accounts: [account], clock, nowMs: () => clock.worldMs() });
  const store = memoryStore({ clock });
  const trouble: { path?: string; errcode?: number; requests: number } = { requests: 0 };
  const fetch: Fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (pathname !== trouble.path) return simulator.fetch(input, init);
    trouble.requests += 1;
    return Response.json({ errcode: trouble.errcode, errmsg: "refused" });
  };
  const clients = Array.from({ length: nodes }, (_, index): Wechat => {
    const options = {
      environment: "prod",
      node: `n${index}`,
      cache: memoryCache(store),
      lock: memoryLock(store),
      clock,
      random,
    };
    const client = wechat({ ...account, ...options, fetch });
    onTestFinished(() => client.close());
    return client;
  });
  const during = async <T>(work: Promise<T>, ms = 2_000): Promise<T | Error> => {
    const settled = work.catch((error: Error) => error);
    await clock.advance(ms);
    return settled;
  };
  return { clients, clock, during, trouble };
}

test.each([
  ["40164", errorTable, 40164, "node"],
  ["61004", errorTable, 61004, "node"],
  ["60020 of WeCom", wecomErrorTable, 60020, "node"],
  ["40125", errorTable, 40125, "account"],
] as const)(
  "a refusal with the code %s stops the node or the whole account, as its table row says",
  (_name, table, errcode, scope) => {
    expect(refusalScope(classify("token", errcode, table).action)).toBe(scope);
  },
);

describe("a fault that was corrected in the platform's console", () => {
  test.each([
    ...[40164, 61004, 40125, 40013, 50002].map((errcode) => ({ path: tokenPath, errcode })),
    // Codes without a table row, and the listed ones, of the endpoint that returns tickets.
    ...[40164, 50002, 48001, 99_999].map((errcode) => ({ path: ticketPath, errcode })),
  ])(
    "after a minute is noticed by every node within ten minutes and without a restart: $errcode of $path",
    async ({ path, errcode }) => {
      const { clients, clock, during, trouble } = world(2);
      const request = (client: Wechat): Promise<unknown> =>
        path === ticketPath ? client.ticket("jsapi").get() : client.token();
      Object.assign(trouble, { path, errcode });
      for (const client of clients) {
        expect(await during(request(client))).toMatchObject({
          code: "CREDENTIAL_UNAVAILABLE",
          retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= minuteMs),
          cause: { platformCode: String(errcode) },
        });
      }
      const isOfAddress = [40164, 61004].includes(errcode);
      expect(trouble.requests).toBe(isOfAddress ? 2 : 1);
      await clock.advance(2 * minuteMs);
      delete trouble.path;
      await clock.advance(10 * minuteMs - 4_000);
      for (const client of clients) expect(await during(request(client))).not.toBeInstanceOf(Error);
    },
  );
});
