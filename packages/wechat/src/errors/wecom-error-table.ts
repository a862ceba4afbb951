/**
 * The meaning of each of WeCom's error codes and the action it calls for, as data. WeChat's table
 * does not apply: there 40082 is the size of a picture.
 */
import type { ErrorRow } from "./error-row.ts";

const minuteMs = 60_000;

const global = {
  source: "developer.work.weixin.qq.com/document/path/90313",
  date: "2023-08-20",
} as const;
/** The page of 2023-08-28: 60 s for a limit by the minute, 60 minutes for one by the hour. */
const limits = {
  source: "developer.work.weixin.qq.com/document/path/90454",
  date: "2026-11-29",
} as const;

/** The first row that matches the endpoint class and the code applies. */
export const wecomErrorTable: readonly ErrorRow[] = [
  {
    codes: [-1],
    endpoint: "any",
    meaning: "system busy",
    action: "retry",
    remedy: "Try again in a moment, at most three times.",
    ...global,
  },
  {
    codes: [40014, 42001],
    endpoint: "business",
    meaning: "the token is dead",
    action: "reject",
    remedy: "Lingpai replaces the token and sends the call again once.",
    ...global,
  },
  {
    codes: [40014, 42001, 40082, 42009],
    endpoint: "derived",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token and asks again once.",
    ...global,
  },
  {
    codes: [40082, 42009],
    endpoint: "business",
    meaning: "the suite's or the provider's token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces it and sends the call again once.",
    ...global,
  },
  {
    codes: [40001, 40080, 40091, 45031],
    endpoint: "token",
    meaning: "wrong secret",
    action: "stop",
    remedy:
      "Set the secret that WeCom's console shows for this app or suite; it may have been reset, or the app was stopped.",
    aboutSecret: true,
    ...global,
  },
  {
    codes: [40013, 41002, 41004, 40083, 41021, 41022, 41023, 41024, 41025, 48003, 710000],
    endpoint: "any",
    meaning: "the request or the configuration is wrong",
    action: "stop",
    remedy: "Check the corp id, the suite id, the secret and the parameters of the call.",
    ...global,
  },
  {
    codes: [40058, 40063, 43001, 43002, 44002, 47001],
    endpoint: "token",
    meaning: "the request is wrong",
    action: "stop",
    remedy: "Check the method and the parameters of the call.",
    ...global,
  },
  {
    codes: [60020],
    endpoint: "any",
    meaning: "this address is not allowed",
    action: "stop-here",
    remedy:
      "Add this node's outgoing address to the app's trusted IPs, or to the provider's IP allow-list, in WeCom's console.",
    ...global,
  },
  {
    codes: [45009],
    endpoint: "any",
    meaning: "called too often",
    action: "pause",
    remedy:
      "Call less often: WeCom blocks for as long as the limit counts, mostly a minute, and an address for an hour after many wrong secrets.",
    pauseMs: minuteMs,
    ...limits,
  },
  {
    codes: [45033],
    endpoint: "any",
    meaning: "too many calls at once",
    action: "retry",
    remedy: "Make fewer calls at the same time.",
    ...global,
  },
  {
    codes: [40084],
    endpoint: "token",
    meaning: "the permanent code is void",
    action: "stop-tenant",
    remedy: "The corp has to install the suite again, or the code is another suite's.",
    ...global,
  },
  {
    codes: [40084],
    endpoint: "business",
    meaning: "the permanent code is void",
    action: "pass",
    remedy: "The corp has to install the suite again, or the code is another suite's.",
    ...global,
  },
  {
    codes: [40085],
    endpoint: "token",
    meaning: "the pushed ticket is dead",
    action: "wait-push",
    remedy: "Wait for the next push, and check that the platform's pushes reach this service.",
    pauseMs: 10 * minuteMs,
    ...global,
  },
  {
    codes: [48004, 301007, 40141],
    endpoint: "token",
    meaning: "the corp has withdrawn its consent, or is closed",
    action: "stop-tenant",
    remedy:
      "The corp's administrator has to install the app again, or to look at the corp in WeCom's console.",
    ...global,
  },
  {
    codes: [50003, 301007, 40141],
    endpoint: "any",
    meaning: "the app is stopped, or the corp is closed",
    action: "stop",
    remedy: "Look at the app and the corp in WeCom's console.",
    ...global,
  },
  {
    codes: [40077, 42007],
    endpoint: "business",
    meaning: "the pre-authorisation code is unknown or has expired",
    action: "pass",
    remedy: "Ask for a new pre-authorisation code. The token is not at fault.",
    ...global,
  },
  {
    codes: [40077, 42007],
    endpoint: "token",
    meaning: "the pre-authorisation code is unknown or has expired",
    action: "stop",
    remedy: "Ask for a new pre-authorisation code.",
    ...global,
  },
  {
    codes: [40078],
    endpoint: "any",
    meaning: "the authorisation code is unknown or was used",
    action: "stop",
    remedy: "A code works once. Let the corp install the app again.",
    ...global,
  },
  {
    codes: [48001, 48002, 48006, 48007, 50001, 50002, 60011, 670001, 670004],
    endpoint: "business",
    meaning: "no permission",
    action: "pass",
    remedy:
      "This app may not do that; see its permissions and its range in WeCom's console. The token is not at fault.",
    ...global,
  },
  {
    codes: [48001, 48002, 48006, 50001, 50002, 60011, 670001, 670004],
    endpoint: "derived",
    meaning: "no permission",
    action: "pass",
    remedy:
      "The parent may not ask for this credential; see its permissions in WeCom's console. Its token is not at fault.",
    ...global,
  },
  {
    codes: [48001, 48002, 48006, 50001, 50002, 60011],
    endpoint: "token",
    meaning: "no permission",
    action: "stop",
    remedy: "See what this app may do in WeCom's console.",
    ...global,
  },
];
