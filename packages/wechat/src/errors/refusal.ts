/** A refusal by the platform, as it was read from an answer. */
import type { ErrorRow } from "./error-row.ts";

export interface Refusal {
  readonly errcode: number;
  /** At most 200 printable characters, without secrets and without the rid. */
  readonly errmsg: string;
  /** The platform's id of this request. Its support asks for it. */
  readonly rid: string | undefined;
}

/** One sentence on what the platform refused and why, and one on the remedy. */
export function refusalText(call: string, refusal: Refusal, row: ErrorRow): string {
  const rid = refusal.rid === undefined ? "" : ` (rid ${refusal.rid})`;
  return `WeChat refused ${call} with ${refusal.errcode}, ${row.meaning}: ${refusal.errmsg}${rid}. ${row.remedy}`;
}
