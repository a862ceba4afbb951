/** The events of a mirror. No event contains a key or a secret. */
import type { ConventionName } from "../conventions/conventions.ts";

export type MirrorEvent =
  /** This node wrote the target's key. */
  | {
      readonly type: "mirrored";
      readonly convention: ConventionName;
      readonly generation: number | undefined;
      readonly ttlMs: number;
    }
  /**
   * After we had written our credential, the key contained another one: that SDK, or somebody else,
   * fetched by itself. Ours was written again.
   */
  | {
      readonly type: "overwritten";
      readonly convention: ConventionName;
      readonly generation: number | undefined;
    }
  /**
   * The platform was asked about the mirrored credential, because a service had reported it as
   * refused (`report`) or because `probeMs` had passed (`probe`, which is emitted for a dead one
   * only). `replaced`: it was dead, or the fleet had replaced it already. `alive`: it is kept, and
   * the reporter's call has another fault. `unknown`: the platform did not say, so it is kept until
   * the next report or probe.
   */
  | {
      readonly type: "checked";
      readonly cause: "probe" | "report";
      readonly found: "alive" | "replaced" | "unknown";
      readonly platformCode?: string | undefined;
    }
  /** A pass failed at `step` and will be tried again. `error` is a class and a code. */
  | {
      readonly type: "mirror-failed";
      readonly step: "credential" | "lease" | "store";
      readonly error: string;
      readonly retryMs: number;
    };
