/** What a mirror tells of itself. No event holds a key or a secret. */
import type { ConventionName } from "../conventions/conventions.ts";

export type MirrorEvent =
  /** This node wrote the neighbour's key. */
  | {
      readonly type: "mirrored";
      readonly convention: ConventionName;
      readonly generation: number | undefined;
      readonly ttlMs: number;
    }
  /**
   * The key held a credential that is not ours after we had written ours: that SDK, or somebody
   * else, fetched by itself. Ours was written again.
   */
  | {
      readonly type: "overwritten";
      readonly convention: ConventionName;
      readonly generation: number | undefined;
    }
  /**
   * The platform was asked about the mirrored credential, because a service reported it as refused,
   * or unasked (then only a dead one is told). `replaced`: it was dead, or the fleet had replaced
   * it already; `alive`: it is kept, the fault is that service's call; `unknown`: the platform did
   * not say, so it is kept until the next report or question.
   */
  | {
      readonly type: "checked";
      readonly cause: "probe" | "report";
      readonly found: "alive" | "replaced" | "unknown";
      readonly platformCode?: string | undefined;
    }
  /** A pass ended early. `step` says where, `error` is a class and a code. It is tried again. */
  | {
      readonly type: "mirror-failed";
      readonly step: "credential" | "lease" | "store";
      readonly error: string;
      readonly retryMs: number;
    };

/**
 * The class and code of an error and nothing more: a driver's text may quote the command, and so
 * the key and the token.
 */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return `${error.name}${code}`;
}
