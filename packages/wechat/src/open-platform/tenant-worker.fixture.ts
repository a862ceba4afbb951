/**
 * For tests: a process that uses one tenant's token over a store in a file, until it is killed. Its
 * one argument holds the settings as JSON.
 */
import { sqliteStore } from "@lingpai/adapter-sqlite";
import { delay, systemClock } from "@lingpai/core";
import { openPlatform } from "./open-platform.ts";
import {
  componentAppId,
  encodingAesKey,
  messageToken,
  secret,
  tenantAppId,
} from "./platform-world.fixture.ts";

export interface WorkerSettings {
  readonly sqliteFile: string;
  readonly baseUrl: string;
  readonly refreshGraceMs: number;
}

/** The process answers each order with a {@link Report}. */
export type Order =
  | {
      readonly type: "push";
      readonly query: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly type: "authorise"; readonly code: string }
  /** Uses the token repeatedly from now on. */
  | { readonly type: "use" }
  | { readonly type: "call" };

export interface Report {
  readonly type: Order["type"];
  /** "ok", or the error. */
  readonly outcome: string;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
const platform = openPlatform({
  componentAppId,
  secret,
  messageToken,
  encodingAesKey,
  environment: "prod",
  baseUrl: settings.baseUrl,
  refreshGraceMs: settings.refreshGraceMs,
  store: sqliteStore(settings.sqliteFile),
  // The platform is on the same machine and answers in milliseconds, so the limits are shorter than
  // in production.
  parameters: {
    fetchDeadlineMs: 1_000,
    storeDeadlineMs: 400,
    leaseMs: 1_800,
    networkDelayMs: 200,
    drainMs: 1_200,
    recheckMs: 1_000,
    recheckDueMs: 1_000,
  },
});
const tenant = platform.tenant(tenantAppId);

async function obey(order: Order): Promise<string> {
  switch (order.type) {
    case "push":
      return (await platform.handlePush(order)).body === "success" ? "ok" : "refused";
    case "authorise":
      await platform.authorize(order.code);
      return "ok";
    case "use":
      void useForEver();
      return "ok";
    case "call": {
      const answer = await tenant.request("/cgi-bin/user/info", { query: { openid: "o" } });
      return answer["openid"] === "o" ? "ok" : JSON.stringify(answer);
    }
  }
}

async function useForEver(): Promise<never> {
  for (;;) {
    await tenant.token().catch(() => undefined);
    await delay(systemClock, 10);
  }
}

process.on("message", (order: Order) => {
  obey(order).then(
    (outcome) => process.send?.({ type: order.type, outcome } satisfies Report),
    (error: unknown) =>
      process.send?.({ type: order.type, outcome: String(error) } satisfies Report),
  );
});
