/**
 * The rule of services that check a script before they run it: a command takes its key as `KEYS[n]`
 * in the call itself.
 */

/** Commands whose first argument is a key. */
const keyed = new Set(["GET", "GETRANGE", "SET", "DEL", "EXISTS", "PTTL", "PEXPIRE"]);

/**
 * Returns the service's refusal of this script, or undefined if it would run it.
 *
 * As Alibaba Cloud documents it (help.aliyun.com/document_detail/92942.html, read 2026-11) and as
 * users meet it: the command must be a literal, a key must be `KEYS[n]`, and `KEYS` may stand in no
 * expression inside a call.
 */
export function refusalOfScript(text: string): string | undefined {
  for (const [, given = ""] of text.matchAll(/redis\.p?call\(([^\n]*)/g)) {
    const [, command, first = ""] = /^'([A-Z]+)'(?:, ([^,)]+))?/.exec(given) ?? [];
    if (command === undefined)
      return "ERR bad lua script for redis cluster, first parameter of redis.call/redis.pcall must be a single literal string";
    const isWrong = keyed.has(command)
      ? !/^KEYS\[\d\]$/.test(first)
      : first.includes("KEYS") && !/^KEYS\[\d\]$/.test(first);
    if (isWrong)
      return "ERR bad lua script for redis cluster, all the keys that the script uses should be passed using the KEYS array, and KEYS should not be in expression";
  }
  return undefined;
}
