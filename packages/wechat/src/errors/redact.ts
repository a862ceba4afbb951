/** Makes foreign text fit for an error message: no secret, no control character, limited length. */

const windowLength = 8;

/**
 * Replaces every passage of eight or more characters that also occurs in a secret, plain or
 * percent-encoded. So a partial echo is caught too.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const hidden = new Uint8Array(text.length);
  for (const secret of secrets.flatMap((plain) => [plain, encodeURIComponent(plain)])) {
    const length = Math.min(windowLength, secret.length);
    if (length === 0) continue;
    for (let start = 0; start + length <= text.length; start++) {
      if (secret.includes(text.slice(start, start + length))) hidden.fill(1, start, start + length);
    }
  }
  let result = "";
  for (let index = 0; index < text.length; index++) {
    if (hidden[index] === 0) result += text.charAt(index);
    else if (index === 0 || hidden[index - 1] === 0) result += "[redacted]";
  }
  return result;
}

/** One line of at most 200 printable characters, without the secrets. */
export function sanitised(text: string, secrets: readonly string[]): string {
  const oneLine = redact(text, secrets)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return [...oneLine].slice(0, 200).join("");
}
