/** Reads the text of an answer, no further than a limit. */

/** Undefined when there is more than `bytesMax`; the rest is then not fetched. */
export async function readText(response: Response, bytesMax: number): Promise<string | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new TextDecoder().decode(Buffer.concat(parts));
    bytes += value.byteLength;
    parts.push(value);
    if (bytes <= bytesMax) continue;
    reader.cancel().catch(() => undefined);
    return undefined;
  }
}
