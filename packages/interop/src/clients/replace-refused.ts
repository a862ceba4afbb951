/** Replaces a token that the platform refused to a patched SDK. */
import type { Credential, Secret } from "@lingpai/core";

/** The part of a credential that a patched SDK uses. */
export type SharedCredential = Pick<Credential, "get" | "reject">;

const deadCodes: ReadonlySet<unknown> = new Set([40001, 40014, 42001]);

/** True for the codes by which the platform says that the token of a business call is dead. */
export function isDeadTokenCode(errcode: unknown): boolean {
  return deadCodes.has(errcode);
}

/**
 * Returns the replacement of a refused token, or undefined when the platform says that the token is
 * alive. The caller then gets the refusal.
 */
export async function replacementOf(
  credential: SharedCredential,
  refused: string,
  errcode: unknown,
): Promise<Secret | undefined> {
  const rejection = await credential.reject(refused, { platformCode: String(errcode) });
  return rejection.replaced ? rejection.secret : undefined;
}
