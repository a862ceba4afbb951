/** What this package throws beside core's errors. */
import { LingpaiError } from "@lingpai/core";
import type { Refusal } from "../transport/platform-answer.ts";
import { isRetryable, retryAfterMs } from "./classify.ts";
import type { Action, ErrorRow } from "./wechat-error-table.ts";

/**
 * The platform answered something that has no documented form. The text says what is wrong with it
 * and shows nothing of it.
 */
export class InvalidAnswerError extends LingpaiError {
  constructor(what: string) {
    super("PLATFORM_ANSWER_INVALID", `The platform's answer is not usable: ${what}.`, {
      retryable: true,
    });
  }
}

/**
 * The platform refused a business call, and neither a new token nor a pause could help.
 *
 * `action` says what the code asks for; `retryable` whether the same call can succeed later without
 * a change.
 */
export class WechatApiError extends LingpaiError {
  /** WeChat's code: `48001`. */
  readonly errcode: number;
  /** WeChat's text, at most 200 printable characters, without secrets and without the rid. */
  readonly errmsg: string;
  /** WeChat's id of the request; its support asks for it. */
  readonly rid: string | undefined;
  readonly action: Action;
  /** How long to wait before the same call can succeed, in ms, where the platform says. */
  readonly retryAfterMs: number | undefined;

  constructor(
    call: string,
    refusal: Refusal,
    row: ErrorRow,
    platformNowMs: number,
    options: { readonly cause?: unknown } = {},
  ) {
    super("PLATFORM_REFUSED", refusalText(call, refusal, row), {
      ...options,
      retryable: isRetryable(row.action),
    });
    this.errcode = refusal.errcode;
    this.errmsg = refusal.errmsg;
    this.rid = refusal.rid;
    this.action = row.action;
    this.retryAfterMs = retryAfterMs(row, platformNowMs);
  }
}

/** One sentence on what was refused and why, and what helps. */
export function refusalText(call: string, refusal: Refusal, row: ErrorRow): string {
  const rid = refusal.rid === undefined ? "" : ` (rid ${refusal.rid})`;
  return `WeChat refused ${call} with ${refusal.errcode}, ${row.meaning}: ${refusal.errmsg}${rid}. ${row.remedy}`;
}
