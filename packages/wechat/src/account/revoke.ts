/** Makes the platform forget a token that leaked. */
import { CredentialUnavailableError, delay } from "@lingpai/core";
import type { CallOptions, Clock, Credential } from "@lingpai/core";

export interface RevokeOptions extends CallOptions {
  readonly clock: Clock;
  /** The shortest time between two replacements that the platform grants, in ms. */
  readonly gapMs: number;
}

/** The platform accepts at most the newest two tokens. */
const replacementsNeeded = 2;
const attemptsMax = 8;

/**
 * Replaces the present token twice. Once is not enough, because the platform accepts the previous
 * token for five minutes. Resolves when the token that was current is dead: at once for a plain
 * token, after about half a minute for a stable one. The fleet continues with the newest token, and
 * calls that carry an older one are sent again. Costs two fetches of the day's quota.
 *
 * @throws {CredentialUnavailableError} The platform kept returning the same token, or could not be
 *   asked. The leaked token may be alive: call again.
 */
export async function revoke(
  credential: Credential,
  { clock, gapMs, signal }: RevokeOptions,
): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  let present = await credential.get(call);
  let replacements = 0;
  let failure: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    let waitMs = gapMs;
    try {
      const next = await credential.refresh(call);
      if (next.fingerprint !== present.fingerprint) replacements += 1;
      present = next;
    } catch (error) {
      waitMs = waitOf(error);
      failure = error;
    }
    if (replacements === replacementsNeeded) return;
    await delay(clock, waitMs, signal);
  }
  throw new CredentialUnavailableError(
    `"${credential.id}" was replaced ${replacements} times instead of ${replacementsNeeded}, so the leaked token may still be alive. Look at the platform's console, and call revoke() again.`,
    { cause: failure, retryAfterMs: gapMs },
  );
}

/** The wait that the error asks for. Throws other errors to the caller. */
function waitOf(error: unknown): number {
  const asked = error instanceof CredentialUnavailableError ? error.retryAfterMs : undefined;
  if (asked === undefined) throw error;
  return asked;
}
