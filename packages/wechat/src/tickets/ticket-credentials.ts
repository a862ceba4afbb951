/** The tickets of one client: a credential for each type, derived from the client's token. */
import { parametersFor } from "@lingpai/core";
import type { Credential, Issuer, Parameters } from "@lingpai/core";
import { createCredential } from "../tokens/create-credential.ts";
import type { SourcedOptions } from "../tokens/create-credential.ts";
import { PartsByKey } from "../tokens/parts-by-key.ts";

export interface TicketCredentials<Type extends string> {
  /** The same object at each call. Sends nothing. */
  of(type: Type): Credential;
  close(): Promise<void>;
}

export interface TicketCredentialsOptions<Type extends string> {
  /** What the error calls the client after it was closed: `"The WeChat client"`. */
  readonly owner: string;
  /** The client's own options. */
  readonly shared: Omit<SourcedOptions, "issuer" | "parent">;
  readonly token: Credential;
  issuerOf(type: Type): Issuer;
}

export function ticketCredentials<Type extends string>({
  owner,
  shared,
  token,
  issuerOf,
}: TicketCredentialsOptions<Type>): TicketCredentials<Type> {
  const tickets = new PartsByKey<Credential>(owner);
  return {
    of: (type) =>
      tickets.get(type, () => {
        const issuer = issuerOf(type);
        const parameters = ticketParameters(issuer, shared.parameters);
        return createCredential({ ...shared, issuer, parameters, parent: token });
      }),
    close: () => tickets.close(),
  };
}

/**
 * The token's parameters that its tickets share: how stores, networks and fleets behave. The quota
 * stays the token's own.
 *
 * A ticket's refresh begins no later than the token's, because slow requests and clocks that differ
 * delay both equally, and no later than the ticket's own defaults say.
 */
export function ticketParameters(
  issuer: Issuer,
  given: Partial<Parameters> = {},
): Partial<Parameters> {
  const own = parametersFor(issuer);
  const {
    advisoryMs = 0,
    mandatoryMs = 0,
    quotaPerDay: _perDay,
    quotaReserve: _reserve,
    ...shared
  } = given;
  return {
    ...shared,
    advisoryMs: Math.max(advisoryMs, own.advisoryMs),
    mandatoryMs: Math.max(mandatoryMs, own.mandatoryMs),
  };
}
