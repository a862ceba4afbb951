/** The errors that this package throws in addition to core's. */
import { LingpaiError } from "@lingpai/core";
import { isRetryable, retryAfterMs } from "./classify.ts";
import type { Action, ErrorRow } from "./error-row.ts";
import { refusalText } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

/**
 * The platform's answer has no documented form. The text says what is wrong with the answer and
 * shows nothing of it.
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
 * `action` says what the code calls for. `retryable` is true if the same call can succeed later
 * without a change.
 */
export class WechatApiError extends LingpaiError {
  /** WeChat's code: `48001`. */
  readonly errcode: number;
  /** WeChat's text: at most 200 printable characters, without secrets and without the rid. */
  readonly errmsg: string;
  /** WeChat's id of the request. Its support asks for it. */
  readonly rid: string | undefined;
  readonly action: Action;
  /** How long to wait before the same call can succeed, in ms, if the platform says so. */
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
