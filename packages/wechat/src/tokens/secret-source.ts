/**
 * The configured secret: a text, or a function that is called each time, so that the secret can be
 * rotated without a restart.
 */
import { ConfigurationError, fingerprint, IssueError, waitFor } from "@lingpai/core";
import { classify } from "../errors/classify.ts";
import type { ErrorRow } from "../errors/error-row.ts";
import { checkedSecret } from "../options/validate.ts";
import type { SecretShape } from "../options/validate.ts";

/** A secret, or a function that returns it and is called at each fetch. */
export type SecretOption = string | (() => string | Promise<string>);

export interface SecretSource {
  /**
   * Calls `send` with the secret. If the platform says that the secret is wrong, asks for the
   * secret once more and sends again only if it changed.
   *
   * @throws {IssueError} The error of `send`, or `unsent` if no usable secret was available.
   */
  use<T>(signal: AbortSignal, send: (secret: string) => Promise<T>): Promise<T>;
  /**
   * Changes when the secret changes, and reveals nothing about it. The result of an asynchronous
   * function shows at the next call.
   */
  revision(): string;
}

/**
 * A function is first called when the secret is needed.
 *
 * @throws {ConfigurationError} `secret-shape`: the secret is a text that cannot be a secret.
 */
export function secretSource(
  id: string,
  option: SecretOption,
  options: {
    readonly trim?: boolean;
    readonly shape?: SecretShape;
    readonly table?: readonly ErrorRow[];
  } = {},
): SecretSource {
  // This is stored beside a refusal. Its key is unknown to anybody who does not have the secret
  // itself.
  const revisionOf = (secret: string): string =>
    fingerprint(fingerprint(`lingpai/refused/${id}`, secret), id);
  if (typeof option !== "function") {
    const secret = checkedSecret(option, options);
    return { use: (_signal, send) => send(secret), revision: () => revisionOf(secret) };
  }
  const readSecret = async (): Promise<string> => checkedSecret(await option(), options);
  let revision = "";
  let asking: Promise<void> | undefined;
  const obtain = async (signal: AbortSignal): Promise<string> => {
    let secret: string;
    try {
      secret = await waitFor(readSecret(), { signals: [signal] });
    } catch (error) {
      throw new IssueError("unsent", `No secret for ${id}: ${reasonOf(error)} Nothing was sent.`);
    }
    revision = revisionOf(secret);
    return secret;
  };
  return {
    async use(signal, send) {
      const secret = await obtain(signal);
      try {
        return await send(secret);
      } catch (error) {
        if (!isAboutSecret(error, options.table)) throw error;
        const again = await obtain(signal).catch(() => secret);
        if (again === secret) throw error;
        return send(again);
      }
    },
    revision() {
      if (asking !== undefined) return revision;
      const note = (secret: string): void =>
        void (revision = revisionOf(checkedSecret(secret, options)));
      try {
        const answer = option();
        if (typeof answer === "string") note(answer);
        else
          asking = answer
            .then(note)
            .catch(() => undefined)
            .finally(() => (asking = undefined));
      } catch {
        // The next use of the secret reports what is wrong with it.
      }
      return revision;
    },
  };
}

function isAboutSecret(error: unknown, table?: readonly ErrorRow[]): boolean {
  if (!(error instanceof IssueError) || error.outcome !== "fatal") return false;
  return (
    error.platformCode === "invalid_client" ||
    classify("token", Number(error.platformCode), table).aboutSecret === true
  );
}

/**
 * Describes the failure in our own words. The error of the caller's function may hold anything, so
 * only its name and its code are shown.
 */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return "the function that provides it failed.";
  const code =
    "code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code)
      ? ` ${error.code}`
      : "";
  return `the function that provides it failed (${error.name}${code}).`;
}
