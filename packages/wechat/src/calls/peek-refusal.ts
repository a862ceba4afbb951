/** Looks for an error code in an answer, and leaves the answer unread for the caller. */
import { answerBytesMax, parseFields, refusalIn } from "../transport/platform-answer.ts";
import type { Refusal } from "../errors/refusal.ts";

const openingBrace = 0x7b;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * The refusal in this answer. Undefined: the answer is binary, no JSON object, or longer than any
 * refusal. Only an answer that begins like a JSON object is read beyond its first chunk, and never
 * beyond 64 KiB.
 */
export async function peekRefusal(
  response: Response,
  secrets: readonly string[],
): Promise<Refusal | undefined> {
  if (response.bodyUsed) return undefined;
  const text = await objectText(response.clone());
  if (text === undefined) return undefined;
  try {
    return refusalIn(parseFields(text), secrets);
  } catch {
    return undefined;
  }
}

async function objectText(copy: Response): Promise<string | undefined> {
  const reader = copy.body?.getReader();
  if (reader === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new TextDecoder().decode(Buffer.concat(chunks));
      chunks.push(value);
      length += value.byteLength;
      if (length > answerBytesMax || !mayBeObject(chunks)) return undefined;
    }
  } catch {
    // The caller meets the same failure when it reads the answer.
    return undefined;
  } finally {
    // Settles only after the caller's branch has ended, so nobody waits for it.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * True if the text begins with a brace, after an optional byte order mark and white space, or is
 * too short to tell.
 */
function mayBeObject(chunks: readonly Uint8Array[]): boolean {
  let position = 0;
  for (const chunk of chunks) {
    for (const byte of chunk) {
      const skipped =
        byte === byteOrderMark[position] || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (!skipped) return byte === openingBrace;
      position += 1;
    }
  }
  return true;
}
