/**
 * The meaning of each of WeChat's error codes and the action it calls for, as data for
 * {@link classify}. WeCom gives the same numbers other meanings.
 */
import type { ErrorRow } from "./error-row.ts";

const minuteMs = 60_000;

const global = {
  source: "developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html",
  date: "2025-01",
} as const;
/** The codes that all of WeChat's servers share. */
const common = {
  source: "developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html",
  date: "2026-11-29",
} as const;
const platforms = {
  source: "developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html",
  date: "2026",
} as const;
const token = {
  source: "developers.weixin.qq.com/doc/offiaccount/Basic_Information/Get_access_token.html",
  date: "2026",
} as const;

/** The first row that matches the endpoint class and the code applies. */
export const errorTable: readonly ErrorRow[] = [
  {
    codes: [-1],
    endpoint: "any",
    meaning: "system busy",
    action: "retry",
    remedy: "Try again in a moment.",
    ...common,
  },
  {
    codes: [40001, 40014, 42001],
    endpoint: "business",
    meaning: "the token is dead",
    action: "reject",
    remedy:
      "Lingpai replaces the token and sends the call again once. If this persists, something outside the fleet fetches tokens for this AppID.",
    ...common,
  },
  {
    codes: [40001, 40014, 42001, 42006, 40094],
    endpoint: "derived",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token and asks again once.",
    ...platforms,
  },
  {
    codes: [40001, 40125],
    endpoint: "token",
    meaning: "wrong secret",
    action: "stop",
    remedy:
      "Set the secret that the platform's console shows for this AppID; it may have been reset.",
    aboutSecret: true,
    ...token,
  },
  {
    codes: [40002, 40013, 41002, 41004, 43001, 43002, 44002, 47001, 61011, 41018, 61024],
    endpoint: "any",
    meaning: "the request or the configuration is wrong",
    action: "stop",
    remedy: "Check the AppID, the secret, the kind of token and the parameters of the call.",
    ...global,
  },
  {
    codes: [40164, 61004],
    endpoint: "any",
    meaning: "this address is not allowed",
    action: "stop-here",
    remedy: "Add this node's outgoing address to the IP allow-list in the platform's console.",
    ...common,
  },
  {
    codes: [40243, 50002, 50004, 50007],
    endpoint: "any",
    meaning: "frozen or punished",
    action: "stop",
    remedy:
      "Look at the account in the platform's console: its secret is frozen, or it is restricted.",
    ...global,
  },
  {
    codes: [45009],
    endpoint: "any",
    meaning: "the day's quota is gone",
    action: "wait-day",
    remedy: "Wait until 00:00 in Shanghai, or clear the quota in the platform's console.",
    ...common,
  },
  {
    codes: [48006],
    endpoint: "any",
    meaning: "the month's clears of the quota are used up",
    action: "pass",
    remedy:
      "Wait until 00:00 in Shanghai for the day's quota, or for the next month to clear it again.",
    ...global,
  },
  {
    codes: [45011],
    endpoint: "any",
    meaning: "the minute's quota is gone",
    action: "wait-minute",
    remedy: "Call less often; the next minute has a new quota.",
    ...common,
  },
  {
    codes: [48001, 48004, 50001, 61007],
    endpoint: "business",
    meaning: "no permission",
    action: "pass",
    remedy:
      "This account may not call this API; see its permissions in the platform's console. The token is not at fault.",
    ...global,
  },
  {
    codes: [48001, 48004, 50001, 61007],
    endpoint: "derived",
    meaning: "no permission",
    action: "pass",
    remedy:
      "The parent may not ask for this credential; see its permissions in the platform's console. Its token is not at fault.",
    ...platforms,
  },
  {
    codes: [48001, 48004, 50001],
    endpoint: "token",
    meaning: "no permission",
    action: "stop",
    remedy: "See what this account may do in the platform's console.",
    ...global,
  },
  {
    codes: [61023],
    endpoint: "token",
    meaning: "the refresh token is not the one that works",
    action: "stop-tenant",
    remedy:
      "Lingpai asks the platform for the one that works, once; if it names none, the account has to authorise this platform again.",
    ...platforms,
  },
  {
    codes: [42002, 42007, 61003],
    endpoint: "token",
    meaning: "the authorisation has ended",
    action: "stop-tenant",
    remedy: "The account has to authorise this platform again.",
    ...platforms,
  },
  {
    codes: [42006, 40094],
    endpoint: "business",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token and sends the call again once.",
    ...platforms,
  },
  {
    codes: [42006, 40094],
    endpoint: "token",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token; the next attempt uses the new one.",
    ...platforms,
  },
  {
    codes: [61005, 61006, 40091],
    endpoint: "token",
    meaning: "the pushed ticket is dead",
    action: "wait-push",
    remedy: "Wait for the next push, and check that the platform's pushes reach this service.",
    pauseMs: 10 * minuteMs,
    ...platforms,
  },
  // The page says that each of these concerns the address that asked.
  {
    codes: [89501, 89503],
    endpoint: "token",
    meaning: "an administrator has yet to confirm this address",
    action: "stop-here",
    remedy:
      "Ask the account's administrator to confirm the call on the phone, or to add this address to the IP allow-list.",
    ...token,
  },
  {
    codes: [89506],
    endpoint: "token",
    meaning: "an administrator refused this address twice, for a day",
    action: "stop-here",
    remedy: "Ask the account's administrator to add this address to the IP allow-list.",
    ...token,
  },
  {
    codes: [89507],
    endpoint: "token",
    meaning: "an administrator refused this address, for an hour",
    action: "stop-here",
    remedy: "Ask the account's administrator to add this address to the IP allow-list.",
    ...token,
  },
];
