/** Reads small, regular text files as UTF-8. Type and size are checked first. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { ConfigurationError } from "@lingpai/core";

/** The largest configuration, in bytes. A larger file was named by mistake. */
export const textBytesMax = 1_048_576;

/**
 * Returns the text of a regular file of at most {@link textBytesMax} bytes. It checks type and size
 * before it reads, and never waits for a pipe.
 *
 * @throws {ConfigurationError} it is a pipe, a device, a directory or too large, or not UTF-8.
 *   Errors of the file system pass through.
 */
export async function readText(path: string): Promise<string> {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would hold a thread of the file
  // system's pool until somebody does; five would stop all file access of the process.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ConfigurationError("is not a regular file. Name a text file");
    if (stats.size > textBytesMax) throw tooLarge(String(stats.size));
    return decodeText(await readBounded(file));
  } finally {
    await file.close();
  }
}

/**
 * Reads the bytes up to one past the limit, because files of `/proc` and growing files do not
 * report their length.
 */
async function readBounded(file: FileHandle): Promise<Uint8Array> {
  const buffer = Buffer.alloc(64 * 1024);
  const chunks: Buffer[] = [];
  for (let length = 0; length <= textBytesMax;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength);
    if (bytesRead === 0) break;
    chunks.push(Buffer.from(buffer.subarray(0, bytesRead)));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** @throws {ConfigurationError} as {@link readText}. The error does not quote the contents. */
function decodeText(bytes: Uint8Array): string {
  if (bytes.byteLength > textBytesMax) throw tooLarge("more");
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new ConfigurationError("is UTF-16. Save it as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConfigurationError("is not UTF-8; perhaps it is GBK. Save it as UTF-8");
  }
}

function tooLarge(bytes: string): ConfigurationError {
  return new ConfigurationError(
    `has ${bytes} bytes; the limit is ${textBytesMax}. Name another file`,
  );
}
