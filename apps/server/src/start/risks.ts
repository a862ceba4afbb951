/** The risks that make a start insecure. Each has a name, and is allowed only by that name. */
import { ConfigurationError } from "@lingpai/core";

export const riskNames = ["no-key", "plain-http", "plain-store", "unsealed"] as const;
export type Risk = (typeof riskNames)[number];

export interface StartFacts {
  /** At least one server key is active. */
  readonly hasKey: boolean;
  readonly host: string;
  readonly isTls: boolean;
  /** The store's address. */
  readonly store: string;
  readonly isSealed: boolean;
}

const texts: Readonly<Record<Risk, string>> = {
  "no-key":
    "There is no server key, so nobody could use this server. Make one: lingpai-server key create --name ops --rights read,reject --refs '*'; or let the first start make one: --first-key.",
  "plain-http":
    "Tokens and server keys would travel unencrypted: it listens beyond this machine without TLS. Set server.tls.certificate and server.tls.key, or listen on 127.0.0.1.",
  "plain-store":
    "The store's password would travel unencrypted to another machine. Use rediss://, rediss-sentinel://, rediss-cluster://, or sslmode=verify-full for PostgreSQL.",
  unsealed:
    "Tokens would lie in the store in clear. Set LINGPAI_SEAL, or store.sealing.active and store.sealing.keys, to a key of `openssl rand -base64 32`, the same on every replica.",
};

/** The risks of a start, in the order of {@link riskNames}. */
export function risksOf({ hasKey, host, isSealed, isTls, store }: StartFacts): readonly Risk[] {
  const found: Record<Risk, boolean> = {
    "no-key": !hasKey,
    "plain-http": !isTls && !isLoopback(host),
    "plain-store": !isPrivate(store),
    unsealed: !isSealed,
  };
  return riskNames.filter((name) => found[name]);
}

/** @throws {ConfigurationError} `insecure`: there is a risk that was not allowed by name. */
export function refuseRisks(facts: StartFacts, allowed: readonly Risk[]): void {
  const refused = risksOf(facts).filter((risk) => !allowed.includes(risk));
  if (refused.length === 0) return;
  const lines = refused.map((risk) => `\n  ${risk}: ${texts[risk]}`);
  throw new ConfigurationError(
    `The server does not start insecurely.${lines.join("")}\nTo start all the same: --allow ${refused.join(" ")}`,
    { rule: "insecure" },
  );
}

export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return bare === "localhost" || bare === "::1" || /^127\.\d+\.\d+\.\d+$/.test(bare);
}

/** True if no data leaves this machine unencrypted. */
function isPrivate(store: string): boolean {
  if (store.startsWith("sqlite:")) return true;
  const { hostname, protocol, searchParams } = new URL(store);
  if (/^(?:rediss|valkeys)/.test(protocol)) return true;
  // pg's other modes do not verify the server's certificate.
  if (protocol.startsWith("postgres") && searchParams.get("sslmode") === "verify-full") return true;
  const others = [...searchParams.getAll("node").map(withoutPort), ...searchParams.getAll("host")];
  return [hostname, ...others].every(isLoopback);
}

function withoutPort(node: string): string {
  return node.replace(/:\d+$/, "");
}
