/** One account on a manual clock, and the calls that tests make. */
import { createDecipheriv } from "node:crypto";
import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import type { AccountOptions } from "./accounts/account.ts";
import type { ComponentOptions } from "./open-platform/component.ts";
import type { Answer } from "./ledger/context.ts";
import type { TokenBody } from "./accounts/official-accounts.ts";
import type { Platform } from "./platform/platform.ts";
import { createPlatform } from "./platform/platform.ts";
import type { Push } from "./push/push.ts";
import type { Simulator, SimulatorOptions } from "./simulator.ts";
import { createSimulator } from "./simulator.ts";

export const appId = "wx0123456789abcdef";
export const secret = "0123456789abcdef0123456789abcdef";
export const credentials: { readonly appId: string; readonly secret: string } = { appId, secret };
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

export interface World {
  readonly clock: ManualClock;
  readonly platform: Platform;
  plain(): string;
  stable(forceRefresh?: boolean): string;
  /** The errcode of a business call with this token; 0 when it is accepted. */
  call(token: string): number;
}

export function world(overlapMs: number, account: Partial<AccountOptions> = {}): World {
  const clock = manualClock();
  const platform = createPlatform({
    clock,
    random: seededRandom(1),
    overlapMs,
    accounts: [{ ...credentials, ...account }],
  });
  return {
    clock,
    platform,
    plain: () => tokenOf(platform.official.issuePlain(credentials)),
    stable: (forceRefresh = false) =>
      tokenOf(platform.official.issueStable({ ...credentials, forceRefresh })),
    call: (accessToken) =>
      platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken }).body.errcode,
  };
}

export const tokenOf = (answer: Answer<TokenBody>): string => bodyOf(answer).access_token;

export const errorOf = (answer: Answer<unknown>): string =>
  answer.ok ? "ok" : `${answer.body.errcode} ${answer.body.errmsg}`;

export const host = "https://api.weixin.qq.com";
export const tokenUrl: string = `${host}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${secret}`;

export function network(options: SimulatorOptions = {}): {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
} {
  const clock = manualClock();
  return {
    clock,
    simulator: createSimulator({
      clock,
      random: seededRandom(1),
      accounts: [{ appId, secret }],
      overlapMs: 0,
      ...options,
    }),
  };
}

export async function json(
  response: Response | Promise<Response>,
): Promise<Record<string, unknown>> {
  return (await (await response).json()) as Record<string, unknown>;
}

export async function tokenFrom(simulator: Simulator): Promise<string> {
  return String((await json(simulator.fetch(tokenUrl)))["access_token"]);
}

export const post = (body: unknown): RequestInit => ({
  method: "POST",
  body: JSON.stringify(body),
});

export const componentAppId = "wxcomponent0123456";
export const componentSecret = "component-secret";
export const messageKeys: { readonly token: string; readonly encodingAesKey: string } = {
  token: "message-token",
  encodingAesKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
};
export const components: readonly ComponentOptions[] = [
  { appId: componentAppId, secret: componentSecret, ...messageKeys },
];

export function bodyOf<Body>(answer: Answer<Body>): Body {
  if (!answer.ok) throw new Error(answer.body.errmsg);
  return answer.body;
}

/** The ticket inside a push, as its receiver finds it. */
export function ticketIn({ body }: Push): string {
  const encrypted = /<Encrypt><!\[CDATA\[(.+?)\]\]>/.exec(body)?.[1] ?? "";
  const key = Buffer.from(`${messageKeys.encodingAesKey}=`, "base64");
  const cipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const message = Buffer.concat([cipher.update(encrypted, "base64"), cipher.final()]).toString(
    "utf8",
  );
  return /Ticket><!\[CDATA\[([^\]]+)\]\]>/.exec(message)?.[1] ?? "";
}
