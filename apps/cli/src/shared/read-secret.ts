/**
 * Reads a secret from a file or from stdin, never from an argument, because `ps` shows arguments.
 */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { ConfigurationError } from "@lingpai/core";

/** @throws {ConfigurationError} The secret cannot be read, or is empty. */
export async function readSecret(file: string, what: string): Promise<string> {
  if (file === "-" && process.stdin.isTTY)
    throw new ConfigurationError(`Send ${what} to stdin, or name a file with it.`);
  try {
    const content = file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
    const secret = content.replace(/\r?\n$/, "");
    if (secret !== "") return secret;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new ConfigurationError(`The file with ${what} cannot be read (${code}).`);
  }
  throw new ConfigurationError(`There is nothing where ${what} should be.`);
}
