/**
 * The secret as the configuration gives it: a text, or a function that is asked each time, so that
 * it can be rotated without a restart.
 */
import { ConfigurationError, fingerprint, IssueError } from "@lingpai/core";
import { settled } from "../transport/platform-answer.ts";
import { classify } from "../errors/classify.ts";
import type { ErrorRow } from "../errors/error-row.ts";
import { checkedSecret } from "../options/validate.ts";
import type { SecretShape } from "../options/validate.ts";

/** A secret, or a function that is asked for it at each fetch. */
export type SecretOption = string | (() => string | Promise<string>);

export interface SecretSource {
  /**
   * Calls `send` with the secret. When the platform says that the secret is wrong it is asked for
   * once more, and sent again only if it changed.
   *
   * @throws {IssueError} what `send` threw; `unsent` when no usable secret could be had.
   */
  use<T>(signal: AbortSignal, send: (secret: string) => Promise<T>): Promise<T>;
  /**
   * Another text whenever the secret is another; says nothing about it. The answer of an
   * asynchronous function shows at the next call.
   */
  revision(): string;
}

/**
 * @throws {ConfigurationError} `secret-shape`, when the secret is a text that cannot be one. A
 *   function is first asked when it is needed.
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
  // Stored beside a refusal: under a key that nobody has who has not got the secret itself.
  const revisionOf = (secret: string): string =>
    fingerprint(fingerprint(`lingpai/refused/${id}`, secret), id);
  if (typeof option !== "function") {
    const secret = checkedSecret(option, options);
    return { use: (_signal, send) => send(secret), revision: () => revisionOf(secret) };
  }
  const ask = async (): Promise<string> => checkedSecret(await option(), options);
  let revision = "";
  let asking: Promise<void> | undefined;
  const obtain = async (signal: AbortSignal): Promise<string> => {
    let secret: string;
    try {
      secret = await settled(ask(), signal);
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
        // What is wrong with it is told when the secret is needed.
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
 * Our own words about it. What the caller's function threw may hold anything, so only its name and
 * its code are shown.
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
