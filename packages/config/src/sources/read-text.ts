/** Reads small text files, and says what they are when they are not UTF-8. */
import { readFile } from "node:fs/promises";
import { ConfigurationError } from "@lingpai/core";

/** No configuration is larger, in bytes; what is was named by mistake. */
export const textBytesMax = 1_048_576;

/** @throws {ConfigurationError} it is too large, or in another encoding. Errors of the file system pass through. */
export async function readText(path: string): Promise<string> {
  return decodeText(await readFile(path));
}

/** @throws {ConfigurationError} as {@link readText}. The text says nothing of the contents. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.byteLength > textBytesMax)
    throw new ConfigurationError(`holds ${bytes.byteLength} bytes; the limit is ${textBytesMax}. Name another file`);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new ConfigurationError("is UTF-16. Save it as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConfigurationError("is not UTF-8; perhaps it is GBK. Save it as UTF-8");
  }
}
