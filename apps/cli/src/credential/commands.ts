/** The commands of one credential: token, refresh, reject, revoke, seed. */
import type { Secret } from "@lingpai/core";
import { ConfigurationError } from "@lingpai/core";
import type { Wechat } from "@lingpai/wechat";
import { exitCodes } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { withProgress } from "../shared/progress.ts";
import { readSecret } from "../shared/read-secret.ts";
import { withClient } from "./with-client.ts";
import type { ClientFlags, Variables } from "./with-client.ts";

/** Prints the token alone on stdout, and its description on stderr. */
export function runToken(
  flags: ClientFlags,
  output: Output,
  env: Variables = process.env,
): Promise<ExitCode> {
  return withClient(flags, output, env, async (client) => {
    const token = await withProgress("Asking for the token", client.token());
    if (flags.json) output.out(JSON.stringify({ token, ...described(client) }));
    else {
      output.out(token);
      output.err(words(client));
    }
    return exitCodes.healthy;
  });
}

export function runRefresh(
  flags: ClientFlags,
  output: Output,
  env: Variables = process.env,
): Promise<ExitCode> {
  return withClient(flags, output, env, async (client) => {
    await withProgress("Replacing the token", client.credential.refresh());
    return said(client, flags, output, "Replaced.");
  });
}

export interface RejectFlags extends ClientFlags {
  /** The file of the refused token. `-` is stdin. */
  readonly tokenFile: string;
  readonly code?: string;
}

export function runReject(
  flags: RejectFlags,
  output: Output,
  env: Variables = process.env,
): Promise<ExitCode> {
  return withClient(flags, output, env, async (client) => {
    const refused = await readSecret(flags.tokenFile, "the refused token");
    const options = flags.code === undefined ? {} : { platformCode: flags.code };
    const answer = client.credential.reject(refused, options);
    const { replaced } = await withProgress("Reporting the refused token", answer);
    const text = replaced
      ? "The fleet uses another token now."
      : "The platform calls this token alive: it is kept, and the fault lies elsewhere.";
    return said(client, flags, output, text, { replaced });
  });
}

export function runRevoke(
  flags: ClientFlags,
  output: Output,
  env: Variables = process.env,
): Promise<ExitCode> {
  return withClient(flags, output, env, async (client) => {
    await withProgress("Revoking: this takes half a minute", client.revoke());
    return said(client, flags, output, "The token that leaked is dead.");
  });
}

export interface SeedFlags extends ClientFlags {
  readonly tokenFile: string;
  readonly expiresIn: string;
  readonly age?: string;
}

export function runSeed(
  flags: SeedFlags,
  output: Output,
  env: Variables = process.env,
): Promise<ExitCode> {
  return withClient(flags, output, env, async (client) => {
    const expiresInMs = 1_000 * secondsIn("--expires-in", flags.expiresIn);
    const ageMs = 1_000 * secondsIn("--age", flags.age ?? "0");
    const secret = await readSecret(flags.tokenFile, "the token");
    const stored: Promise<Secret> = client.credential.seed({ secret, expiresInMs }, { ageMs });
    await withProgress("Storing the token", stored);
    return said(client, flags, output, "Stored.");
  });
}

function said(
  client: Wechat,
  { json }: ClientFlags,
  { err, out }: Output,
  text: string,
  more: object = {},
): ExitCode {
  if (json) out(JSON.stringify({ ...described(client), ...more }));
  else err(`${text} ${words(client)}`);
  return exitCodes.healthy;
}

function described(client: Wechat): object {
  const { environment, fingerprint, generation, id, remainingMs } = client.status();
  return { id, environment, generation, fingerprint: fingerprint?.slice(0, 8), remainingMs };
}

function words(client: Wechat): string {
  const { environment, generation, id, remainingMs } = client.status();
  if (generation === undefined) return `${id} of ${environment} has no token now.`;
  const left = Math.floor((remainingMs ?? 0) / 60_000);
  return `${id} of ${environment}, generation ${generation}, ${left} min left.`;
}

function secondsIn(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConfigurationError(`${name} needs a whole number of seconds.`);
}
