/** Attributes with a bound on how many values each may have, because a series is never freed. */
import type { Attributes } from "@opentelemetry/api";
import type { EventContext } from "@lingpai/core";

export interface Labels {
  /** The attributes that everything has. */
  of(context: Pick<EventContext, "credential" | "environment">): Attributes;
  /** An error's code; the platform invents new ones. */
  code(value: string): string;
}

/** Tells credentials of one process apart. */
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
    code,
  };
}

/** Passes `limit` different values; all later ones become `other`. */
function bounded(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return "other";
    known.add(value);
    return value;
  };
}
