/** The server's routes for the page, called with the session's cookie and never with a key. */
import type {
  ClaimInfo,
  ConflictEvidence,
  FleetNode,
  Ledger,
  Overview,
  SessionInfo,
} from "@lingpai/server";
import { timeout } from "./time.ts";

/** The server's response, or the fact that there was none. */
export class ApiError extends Error {
  /** 0 if there was no response. */
  readonly status: number;
  readonly code: string;
  readonly remedy: string;

  constructor(status: number, code: string, detail: string, remedy: string) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** One event of a life line, as stored in the log. */
export interface LoggedEvent {
  readonly id: string;
  readonly atMs: number;
  readonly event: Readonly<Record<string, string | number | boolean>> & { readonly type: string };
}

export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly rights: readonly string[];
  readonly refs: readonly string[];
  readonly perSecond: number;
  readonly sdk?: string;
  readonly createdAgoMs: number;
  readonly revokedAgoMs?: number;
}

export interface Claims {
  readonly claims: readonly ClaimInfo[];
  readonly unreadable: readonly { readonly credential: string; readonly why: string }[];
}

type Entry =
  | ({ readonly kind: "event" } & LoggedEvent)
  | { readonly kind: "gap"; readonly cause: string };

interface Page {
  readonly entries: readonly Entry[];
  readonly position?: string;
  readonly hasMore: boolean;
}

const answerMs = 10_000;
/** A refresh waits for the platform. */
const actionMs = 40_000;
const pagesMax = 12;

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        "lingpai-page": "1",
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      credentials: "same-origin",
      cache: "no-store",
      signal: timeout(method === "GET" ? answerMs : actionMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "unreachable", "", "");
  }
  if (response.status === 204) return undefined as T;
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer as T;
  const text = (name: string): string => String(answer[name] ?? "");
  throw new ApiError(response.status, text("code"), text("detail"), text("remedy"));
}

const get = <T>(path: string): Promise<T> => call<T>("GET", path);
const of = (ref: string): string => `/v1/credentials/${encodeURIComponent(ref)}`;

async function allOf(path: string, from = ""): Promise<readonly LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  let after = from;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const query = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const page = await get<Page>(`${path}?limit=1000${query}`);
    for (const entry of page.entries) if (entry.kind === "event") events.push(entry);
    if (!page.hasMore || page.position === undefined) break;
    after = page.position;
  }
  return events;
}

export const api = {
  /** Undefined if nobody has signed in. */
  session: () => get<SessionInfo | undefined>("/v1/session"),
  signIn: (key: string) => call<SessionInfo>("POST", "/v1/session", { key }),
  signOut: () => call<void>("DELETE", "/v1/session"),
  overview: (refs: readonly string[] = []) => {
    const query = refs.map((ref) => `ref=${encodeURIComponent(ref)}`).join("&");
    return get<Overview>(`/v1/overview${query === "" ? "" : `?${query}`}`);
  },
  /** The events after this id, or all that are stored. */
  lifeLine: (ref: string, after?: string) => allOf(`${of(ref)}/events`, after),
  audit: () => allOf("/v1/audit"),
  ledger: () => get<Ledger & { readonly hasLog: boolean }>("/v1/ledger"),
  conflicts: () => get<{ readonly conflicts: readonly ConflictEvidence[] }>("/v1/conflicts"),
  fleet: () => get<{ readonly nodes: readonly FleetNode[] }>("/v1/fleet"),
  claims: () => get<Claims>("/v1/claims"),
  keys: () => get<{ readonly keys: readonly KeyInfo[] }>("/v1/keys"),
  revokeKey: (id: string) => call<void>("POST", `/v1/keys/${id}/revoke`, {}),
  refresh: (ref: string) => call<void>("POST", `${of(ref)}/refresh`, {}),
  revoke: (ref: string) => call<void>("POST", `${of(ref)}/revoke`, {}),
  steal: () => call<void>("POST", "/v1/demo/steal", {}),
};
