/**
 * The key that seals the store of a server without a configured key. It is made once and kept in a
 * file.
 */
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, randomNonce } from "@lingpai/core";

export interface SealFile {
  readonly key: string;
  readonly path: string;
  readonly isNew: boolean;
}

/**
 * Reads the key of this directory, or makes one that only this user may read. Several processes may
 * do so at once.
 *
 * @param sealed the file that the key seals. If it exists without the key, its data is unreadable,
 *   and a new key would hide that.
 * @throws {ConfigurationError} Others may read the key, it is invalid, or it is missing.
 */
export async function sealFileIn(directory: string, sealed: string): Promise<SealFile> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "seal.key");
  const isNew = !existsSync(path) && (await make(path, sealed));
  const { mode } = await stat(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new ConfigurationError(
      `${path} holds the sealing key, and other users may read it. Run: chmod 600 ${path}`,
      { rule: "seal" },
    );
  const key = (await readFile(path, "utf8")).trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key))
    throw new ConfigurationError(`${path} holds no key of 32 bytes. Restore it from a copy.`, {
      rule: "seal",
    });
  return { key, path, isNew };
}

/** False if another process was faster. */
async function make(path: string, sealed: string): Promise<boolean> {
  if (existsSync(sealed))
    throw new ConfigurationError(
      `${sealed} is there, but its sealing key ${path} has gone. Restore the key from a copy; or, to begin again without the stored tokens and server keys, remove ${sealed}.`,
      { rule: "seal" },
    );
  const draft = `${path}.${randomText(6, "hex")}`;
  await writeFile(draft, `${randomText(32, "base64")}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function randomText(bytes: number, encoding: "base64" | "hex"): string {
  return Buffer.from(randomNonce(bytes)).toString(encoding);
}
