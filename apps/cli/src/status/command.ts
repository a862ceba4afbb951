/** `lingpai status`: what a store holds, without fetching anything. */
import { CacheUnavailableError, ConfigurationError } from "@lingpai/core";
import { openStore } from "@lingpai/token-server";
import { readStatus } from "./read-status.ts";
import { renderStatus } from "./render-status.ts";

export interface StatusOptions {
  readonly store: string;
  readonly environment: string | undefined;
  readonly isJson: boolean;
  readonly seal: string | undefined;
}

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Returns the exit code: 0 healthy, 1 findings, 2 wrong options, 3 the store cannot be reached. */
export async function runStatus(options: StatusOptions, { out, err }: Output): Promise<number> {
  try {
    const store = await openStore(options.store, { seal: options.seal, isOneShot: true });
    try {
      const credentials = await readStatus(store.cache, options.environment);
      out(
        options.isJson ? JSON.stringify({ credentials }, undefined, 2) : renderStatus(credentials),
      );
      return credentials.some(({ findings }) => findings.length > 0) ? 1 : 0;
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof ConfigurationError) return failed(err, error, 2);
    if (error instanceof CacheUnavailableError) return failed(err, error, 3);
    throw error;
  }
}

function failed(err: Output["err"], { message }: Error, code: number): number {
  err(`lingpai: ${message}`);
  return code;
}
