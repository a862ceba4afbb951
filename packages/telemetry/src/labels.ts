/** Attributes with a limit on their number of values, because a series is never freed. */
import type { Attributes } from "@opentelemetry/api";
import type { EventContext } from "@lingpai/core";

export interface Labels {
  /** The attributes of every instrument. */
  of(context: Pick<EventContext, "credential" | "environment">): Attributes;
  /** Those of a figure that is not kept per credential. */
  ofProcess(context: Pick<EventContext, "environment">): Attributes;
  /** An error's code; the platform invents new ones. */
  code(value: string): string;
}

/** Distinguishes the credentials of one process. */
export function keyOf({ credential, environment, node }: Omit<EventContext, "atMs">): string {
  return JSON.stringify([credential, environment, node]);
}

export interface LabelLimits {
  readonly refs: number;
  readonly codes: number;
}

export function createLabels({ refs, codes }: LabelLimits): Labels {
  const ref = bounded(refs);
  const code = bounded(codes);
  const environment = bounded(codes);
  return {
    of: (context) => ({
      "lingpai.credential.ref": ref(context.credential),
      "lingpai.environment": environment(context.environment),
    }),
    ofProcess: (context) => ({ "lingpai.environment": environment(context.environment) }),
    code,
  };
}

/** Passes the first `limit` different values. All later ones become `other`. */
function bounded(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return "other";
    known.add(value);
    return value;
  };
}
