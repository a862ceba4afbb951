/** The text of a refusal: the code, its fixed text, and a request id. */
import type { Random } from "@lingpai/core";

/** The body of every refusal, sent with HTTP status 200. */
export interface ErrorBody {
  readonly errcode: number;
  readonly errmsg: string;
}

/** The fixed part of `errmsg`, by code. `{}` is the place of a detail. */
const texts: Readonly<Record<number, string>> = {
  [-1]: "system error",
  40001:
    "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
  40002: "invalid grant_type",
  40003: "invalid openid",
  40013: "invalid appid",
  40014: "invalid access_token",
  40029: "invalid code",
  40030: "invalid refresh_token",
  40078: "invalid auth_code",
  40080: "invalid suite_secret",
  40082: "invalid suite_access_token or provider_access_token",
  40083: "invalid suite_id",
  40084: "invalid permanent_code",
  40085: "invalid suite_ticket",
  40091: "invalid secret",
  40097: "invalid args",
  40163: "code been used",
  40125: "invalid appsecret",
  40164: "invalid ip {} ipv6 ::ffff:{}, not in whitelist",
  40243: "appsecret is frozen, unfreeze it in the console and try again",
  41001: "access_token missing",
  41002: "appid missing",
  41004: "appsecret missing",
  41018: "missing component_appid",
  41021: "missing suite_id",
  41022: "missing suite_access_token",
  41023: "missing suite_ticket",
  41024: "missing suite_secret",
  41025: "missing permanent_code",
  42001: "access_token expired",
  42002: "refresh_token expired",
  42006: "component_access_token expired",
  42007:
    "access_token and refresh_token exception, user modified password, re-authorization required",
  42009: "suite_token expired",
  43001: "require GET method",
  43002: "require POST method",
  44002: "empty post data",
  45009: "reach max api daily quota limit",
  45011: "api minute-quota reach limit, must slower, retry next minute",
  45033: "api concurrent out of limit",
  47001: "data format error",
  48001: "api unauthorized",
  48004: "api forbidden for irregularities, view detail on mp.weixin.qq.com",
  48006: "forbid to clear quota because of reaching the limit",
  50002: "user limited",
  60020: "not allow to access from your ip",
  61003: "component is not authorized by this account",
  61004: "access clientip is not registered request ip: {}",
  61005: "component ticket is expired",
  61006: "component ticket is invalid",
  61007: "api is unauthorized to component",
  61009: "code is invalid",
  61010: "code is expired",
  61011: "invalid component",
  61023: "refresh_token is invalid",
  670001: "app is not in the share range",
  76021: "cgi_path not found, please check",
};

/**
 * The text for a wrong secret that the platform answers with 40001 instead of 40125. It is shorter
 * than a dead token's.
 */
const wrongSecretText = "invalid credential";

/** A refusal as `api.weixin.qq.com` words it: the text, then `rid: ` and three hex groups. */
export function refusal(code: number, atMs: number, random: Random, detail?: string): ErrorBody {
  return { errcode: code, errmsg: `${textOf(code, detail)} rid: ${requestId(atMs, random)}` };
}

/** A refusal as WeCom words it. */
export function wecomRefusal(code: number, atMs: number, random: Random, ip: string): ErrorBody {
  const text =
    code === 40013 ? "invalid corpid" : code === 45009 ? "api freq out of limit" : textOf(code);
  const hint = `[${Math.floor(atMs / 1000)}_${hexGroup(random)}]`;
  return {
    errcode: code,
    errmsg: `${text}, hint: ${hint}, from ip: ${ip}, more info at https://open.work.weixin.qq.com/devtool/query?e=${code}`,
  };
}

export const wrongSecretDetail = "wrong-secret";

function textOf(code: number, detail = ""): string {
  if (code === 40001 && detail === wrongSecretDetail) return wrongSecretText;
  return (texts[code] ?? "unknown error").replaceAll("{}", detail);
}

/** Seconds since the epoch, then two random groups, each of eight hex digits. */
function requestId(atMs: number, random: Random): string {
  const seconds = Math.floor(atMs / 1000)
    .toString(16)
    .padStart(8, "0");
  return `${seconds}-${hexGroup(random)}-${hexGroup(random)}`;
}

function hexGroup(random: Random): string {
  return Math.floor(random.next() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
