/** The server's certificate. It is read from files, and read again when they change. */
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Server } from "node:tls";
import { ConfigurationError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Polled, because the files of a volume are replaced through links, which no watch on the file
 * notices.
 */
const lookMs = 10_000;

/**
 * @throws {ConfigurationError} A file cannot be read, or the certificate and the key do not match.
 */
export async function readTls({ certificate, key }: TlsFiles): Promise<TlsPair> {
  try {
    const pair = { cert: await readFile(certificate), key: await readFile(key) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    throw new ConfigurationError(
      `The certificate ${certificate} and its key ${key} cannot be used. Give a PEM chain and its private key.`,
      { rule: "tls", cause },
    );
  }
}

export interface TlsWatch {
  readonly files: TlsFiles;
  readonly server: Pick<Server, "setSecureContext">;
  readonly clock: Clock;
  readonly onReloaded: () => void;
  /**
   * Called when a new pair cannot be used and the present certificate stays in use. Called once,
   * until a pair can be used again.
   */
  readonly onFailed: (error: unknown) => void;
}

/** Uses a new pair for new connections. Returns a function that ends the checks. */
export function watchTls(first: TlsPair, watch: TlsWatch): () => void {
  const { clock, files, onFailed, onReloaded, server } = watch;
  let present = first;
  let isFailing = false;
  let isEnded = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    try {
      const found = await readTls(files);
      const isSame = found.cert.equals(present.cert) && found.key.equals(present.key);
      if (!isSame) {
        server.setSecureContext(found);
        present = found;
        onReloaded();
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFailed(error);
      isFailing = true;
    }
    if (!isEnded) arm();
  };
  const arm = (): void => {
    cancel = clock.setTimer(lookMs, () => void look(), { background: true });
  };
  arm();
  return () => {
    isEnded = true;
    cancel();
  };
}
