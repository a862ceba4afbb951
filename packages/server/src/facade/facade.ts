/**
 * The routes from which WeChat's SDKs fetch tokens and tickets. An SDK in any language needs only
 * another base URL, and a server key instead of the AppSecret.
 *
 * They respond as WeChat does: with status 200, and an `errcode` for a refusal.
 */
import type { Credential } from "@lingpai/core";
import { z } from "zod";
import { served, viewOf } from "../credentials/served-credential.ts";
import type { Served } from "../credentials/served-credential.ts";
import { noStore } from "../http/no-store.ts";
import { ProblemError } from "../http/problem.ts";
import { readJson } from "../http/read-body.ts";
import type { KeyRecord, SdkName } from "../keys/key-document.ts";
import { countRequest, credentialFor } from "../routes/authorize.ts";
import { bodyLimits } from "../routes/body-limits.ts";
import type { RouteContext } from "../routes/context.ts";
import type { Handler } from "../routes/route.ts";
import { expiresIn } from "./sdk-margins.ts";

class Refusal extends Error {
  readonly errcode: number;

  constructor(errcode: number, errmsg: string) {
    super(errmsg);
    this.errcode = errcode;
  }
}

interface Asked {
  readonly appId: string | undefined;
  readonly secret: string | undefined;
  readonly grantType: string | undefined;
}

export const plainToken: Handler = (request, context) =>
  answer(async () => {
    const query = new URL(request.url).searchParams;
    const asked = {
      appId: query.get("appid") ?? undefined,
      secret: query.get("secret") ?? undefined,
      grantType: query.get("grant_type") ?? undefined,
    };
    const { account, key } = await enter(asked, context);
    return tokenFor(request, { account, key, kind: "token" }, context);
  });

const stableRequest = z.object({
  grant_type: z.string().max(100).optional(),
  appid: z.string().max(1_024).optional(),
  secret: z.string().max(1_024).optional(),
  force_refresh: z.boolean().optional(),
});

/** `force_refresh` needs the right `refresh`. */
export const stableToken: Handler = (request, context) =>
  answer(async () => {
    // SDKs send JSON with and without its content type.
    const headers = new Headers(request.headers);
    headers.set("content-type", "application/json");
    const named = new Request(request, { headers });
    const body = await readJson(named, stableRequest, bodyLimits(context));
    const asked = { appId: body.appid, secret: body.secret, grantType: body.grant_type };
    const { account, key } = await enter(asked, context);
    if (body.force_refresh === true) {
      allow(key, "refresh", account, context);
      const { fingerprint } = await account.credential.refresh({ signal: request.signal });
      context.audit.note({ act: "refreshed", key, ref: account.ref, fingerprint });
    }
    return tokenFor(request, { account, key, kind: "stable" }, context);
  });

/** The rate of one account, on this replica. */
const ticketsPerSecond = 200;

/**
 * The access token identifies the caller, who could use it to ask WeChat itself. A replaced one is
 * accepted for as long as an SDK may hold it, as WeChat accepts it for five minutes.
 */
export const ticket: Handler = (request, context) =>
  answer(async () => {
    const query = new URL(request.url).searchParams;
    const type = query.get("type") ?? "";
    const account = context.tokens.of(query.get("access_token") ?? "");
    if (account === undefined)
      throw new Refusal(40001, "invalid credential, access_token is not the present one");
    // The rate is per account, because the caller has no key.
    if (context.rates.take(`ticket ${account.ref}`, ticketsPerSecond) > 0)
      throw new Refusal(45009, "reach max rate of the account's tickets");
    const of = account.wechat?.ticket;
    if (of === undefined || (type !== "jsapi" && type !== "wx_card"))
      throw new Refusal(40097, "invalid args: no such ticket");
    const view = await viewOf(ticketOf(account, of(type), context), request);
    const { fingerprint, secret, expiresInMs } = view;
    context.audit.note({ act: "handed-out", key: undefined, ref: view.ref, fingerprint });
    const seconds = secondsOf(account.wechat?.sdk, "ticket", expiresInMs, context.limits.holdMs);
    return { errcode: 0, errmsg: "ok", ticket: secret, expires_in: seconds };
  });

async function enter(
  { appId, secret, grantType }: Asked,
  context: RouteContext,
): Promise<{ readonly account: Served; readonly key: KeyRecord }> {
  if (grantType !== "client_credential") throw new Refusal(40002, "invalid grant_type");
  if (appId === undefined || appId === "") throw new Refusal(41002, "appid missing");
  if (secret === undefined || secret === "") throw new Refusal(41004, "appsecret missing");
  const key = await context.keys.verify(secret);
  if (key === undefined) throw new Refusal(40125, "invalid appsecret: not a valid server key");
  countRequest(key, context);
  const account = context.accounts.get(appId);
  allow(key, "read", account, context);
  return { account, key };
}

/** The one check of rights, with WeChat's form of refusals. */
function allow(
  key: KeyRecord,
  right: "read" | "refresh",
  account: Served | undefined,
  context: RouteContext,
): asserts account is Served {
  try {
    credentialFor(key, [right], account?.ref ?? "", context);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // A key without the right to an account does not learn whether it exists.
    if (right === "read") throw new Refusal(40013, "invalid appid: not served to this server key");
    throw new Refusal(48001, "api unauthorized: the server key has no right to refresh");
  }
}

async function tokenFor(
  request: Request,
  asked: { readonly account: Served; readonly key: KeyRecord; readonly kind: "token" | "stable" },
  context: RouteContext,
): Promise<object> {
  const { account, key, kind } = asked;
  const ageMs = await context.checks.ageOf(account);
  // What was alive then is held for so long from then on.
  const holdMs = context.limits.holdMs - Math.floor(ageMs / 1_000) * 1_000;
  const { expiresInMs, fingerprint, ref, secret } = await viewOf(account, request);
  context.audit.note({ act: "handed-out", key, ref, fingerprint });
  context.tokens.look(account);
  const seconds = secondsOf(key.sdk ?? account.wechat?.sdk, kind, expiresInMs, holdMs);
  return { access_token: secret, expires_in: seconds };
}

function secondsOf(
  sdk: SdkName | undefined,
  kind: "token" | "stable" | "ticket",
  leftMs: number,
  holdMs: number,
): number {
  const seconds = expiresIn(sdk, kind, leftMs, holdMs);
  if (seconds === undefined) throw new Refusal(-1, "system error: the token is about to end");
  return seconds;
}

function ticketOf(account: Served, credential: Credential, { clock }: RouteContext): Served {
  return served({ credential, ref: `${account.ref}/${credential.id}` }, clock);
}

/** The response as WeChat sends it: status 200 and a code. */
async function answer(work: () => Promise<object>): Promise<Response> {
  return Response.json(await work().catch(refusalOf), { headers: noStore });
}

function refusalOf(error: unknown): object {
  if (error instanceof Refusal) return { errcode: error.errcode, errmsg: error.message };
  if (error instanceof ProblemError) {
    const { code, status } = error.problem;
    // An oversized or slow body is not reported as a refusal in WeChat's form, because no SDK could
    // read it.
    if (status === 408 || status === 413) throw error;
    if (code === "too-many-requests")
      return { errcode: 45009, errmsg: "reach max rate of the key" };
    if (status === 400) return { errcode: 47001, errmsg: "data format error" };
  }
  // SDKs try again after "system busy".
  return { errcode: -1, errmsg: "system error: the token server has no token now" };
}
