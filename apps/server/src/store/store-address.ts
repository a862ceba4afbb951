/** The address of a store, as one URL. */
import { ConfigurationError } from "@lingpai/core";

export type StoreAddress =
  | { readonly kind: "redis"; readonly url: string }
  | {
      readonly kind: "sentinel";
      readonly nodes: readonly RedisNode[];
      readonly name: string;
      readonly login: RedisLogin;
      readonly sentinelPassword: string | undefined;
    }
  | { readonly kind: "cluster"; readonly nodes: readonly RedisNode[]; readonly login: RedisLogin }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "sqlite"; readonly file: string };

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly isTls: boolean;
}

/** The forms of an address that {@link parseStoreAddress} takes. */
export const storeForms: string =
  "redis://HOST:PORT, rediss://…, redis-sentinel://HOST:26379/NAME?node=HOST:26379, redis-cluster://HOST:PORT?node=HOST:PORT, postgres://… or sqlite:FILE";

export function isStoreAddress(address: string): boolean {
  try {
    parseStoreAddress(address);
    return true;
  } catch {
    return false;
  }
}

/** @throws {ConfigurationError} The address has none of the forms. Its text is not shown. */
export function parseStoreAddress(address: string): StoreAddress {
  const sqlite = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(address)?.[1];
  // `sqlite:///C:/data/x.sqlite`: a drive has no slash before it.
  if (sqlite !== undefined)
    return { kind: "sqlite", file: sqlite.replace(/^\/(?=[A-Za-z]:[\\/])/, "") };
  const url = /^\S+$/.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.hostname === "") throw unknown();
  switch (url.protocol) {
    case "redis:":
    case "rediss:":
    case "valkey:":
    case "valkeys:":
      return { kind: "redis", url: address.replace(/^valkey/, "redis") };
    case "postgres:":
    case "postgresql:":
      return { kind: "postgres", url: address };
    case "redis-sentinel:":
    case "rediss-sentinel:":
      return sentinelOf(url);
    case "redis-cluster:":
    case "rediss-cluster:": {
      const nodes = nodesOf(url, 6_379);
      return { kind: "cluster", nodes, login: loginOf(url) };
    }
    default:
      throw unknown();
  }
}

function sentinelOf(url: URL): StoreAddress {
  const name = decodeURIComponent(url.pathname.slice(1));
  if (name === "" || name.includes("/"))
    throw new ConfigurationError(
      "The address of a Sentinel needs the name of its primary: redis-sentinel://HOST:26379/NAME.",
      { rule: "store" },
    );
  const sentinelPassword = url.searchParams.get("sentinelPassword") ?? undefined;
  return {
    kind: "sentinel",
    nodes: nodesOf(url, 26_379),
    name,
    login: loginOf(url),
    sentinelPassword,
  };
}

function loginOf({ password, protocol, searchParams, username }: URL): RedisLogin {
  const db = searchParams.get("db") ?? "0";
  if (!/^\d{1,4}$/.test(db)) throw unknown();
  return {
    username: username === "" ? undefined : decodeURIComponent(username),
    password: password === "" ? undefined : decodeURIComponent(password),
    db: Number(db),
    isTls: protocol.startsWith("rediss"),
  };
}

/** The URL's own host, and those of `node`, which may be given several times. */
function nodesOf({ host, searchParams }: URL, port: number): readonly RedisNode[] {
  return [host, ...searchParams.getAll("node")].map((text) => {
    const node = URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : undefined;
    if (node === undefined || node.hostname === "" || node.host !== text) throw unknown();
    return {
      host: node.hostname.replaceAll(/[[\]]/g, ""),
      port: node.port === "" ? port : Number(node.port),
    };
  });
}

function unknown(): ConfigurationError {
  return new ConfigurationError(`The store's address is none of ${storeForms}.`, { rule: "store" });
}
