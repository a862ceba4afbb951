/** What lending a credential to another client needs, whatever the client. */
import type { Credential, Secret } from "@lingpai/core";

/** What is used of a credential. */
export type Lent = Pick<Credential, "get" | "reject">;

const deadCodes: ReadonlySet<unknown> = new Set([40001, 40014, 42001]);

/** Whether the platform says, to a business call, that its token is dead. */
export function saysDead(errcode: unknown): boolean {
  return deadCodes.has(errcode);
}

/**
 * The replacement for a token that was refused, or undefined when the platform says that it is
 * alive: then the refusal is the caller's.
 */
export async function replacementOf(
  credential: Lent,
  refused: string,
  errcode: unknown,
): Promise<Secret | undefined> {
  const rejection = await credential.reject(refused, { platformCode: String(errcode) });
  return rejection.replaced ? rejection.secret : undefined;
}
