import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const packages = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string): string => readFileSync(`${packages}/${path}`, "utf8");

/** Production sources by path, without comments and without the types that they declare. */
const sources = new Map(
  globSync("*/src/**/*.ts", { cwd: packages })
    .filter((path) => !/\.(test|fixture|types)\.ts$|^(conformance|wechat-simulator)\//.test(path))
    .map((path) => [
      path,
      read(path)
        .replaceAll(/\/\*\*[\s\S]*?\*\//g, "")
        .replaceAll(/\/\/.*$/gm, "")
        .replaceAll(/^(?:export )?type [\s\S]*?;$/gm, ""),
    ]),
);

function membersOf(path: string, union: string): string[] {
  const declared = new RegExp(`type ${union} =([^;]*);`).exec(read(`core/src/${path}`))?.[1] ?? "";
  return [...declared.matchAll(/"([^"]+)"/g)].map(([, member = ""]) => member);
}

function isMade(member: string, within: RegExp): boolean {
  const made = new RegExp(`"${member}"|\\b${member}:`);
  return [...sources].some(
    ([path, text]) => within.test(path) && path !== "core/src/events/events.ts" && made.test(text),
  );
}

/** What each type of event carries, by its declaration. */
const events = new Map(
  (/interface EventData \{([\s\S]*?)\n\}/.exec(read("core/src/events/events.ts"))?.[1] ?? "")
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, "")
    .split(/^ {2}(?="?[a-z-]+"?: )/m)
    .slice(1)
    .map((entry) => [
      /^"?([a-z-]+)/.exec(entry)?.[1] ?? "",
      [...entry.matchAll(/readonly (\w+)/g)].map(([, field = ""]) => field),
    ]),
);

/** The rooms that manage a credential. */
const manager = /^core\/src\/(fleet|leader|refresh|manager)\//;

describe("a public union promises only what comes", () => {
  it.each([
    ["events/events.ts", "StaleCause", manager],
    ["events/events.ts", "DoubtCause", manager],
    ["errors.ts", "ErrorCode", /./],
    ["errors.ts", "LockLossReason", /^core\/src\//],
    ["errors.ts", "CacheUnavailableReason", /./],
    ["errors.ts", "CredentialUnavailableReason", manager],
    ["errors.ts", "IssueOutcome", /./],
    ["issuer.ts", "RefreshReason", manager],
  ] as const)("%s: %s", (path, union, within) => {
    const members = membersOf(path, union);
    expect(members.length).toBeGreaterThan(1);
    expect(members.filter((member) => !isMade(member, within))).toEqual([]);
  });

  it("and so does what an event carries", () => {
    expect(events.size).toBeGreaterThan(20);
    const missing = [...events].flatMap(([type, fields]) => {
      const emitting = [...sources]
        .filter(([, text]) => text.includes(`emit("${type}"`))
        .map(([, text]) => text);
      if (emitting.length === 0) return [type];
      return fields
        .filter((field) => !emitting.some((text) => new RegExp(`\\b${field}\\b`).test(text)))
        .map((field) => `${type}: ${field}`);
    });
    expect(missing).toEqual([]);
  });
});
