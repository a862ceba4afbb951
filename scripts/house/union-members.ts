/** Finds members of core's public unions that no production code makes. */
import type { SourceFile } from "../workspace.ts";

const eventsPath = "packages/core/src/events/events.ts";
/** The rooms of core that manage a credential. */
const manager = /^packages\/core\/src\/(?:fleet|leader|refresh|manager)\//;

/** The public unions: the file, the name, and where a member must be made. */
export const unions: readonly (readonly [path: string, union: string, within: RegExp])[] = [
  [eventsPath, "StaleCause", manager],
  [eventsPath, "DoubtCause", manager],
  ["packages/core/src/errors.ts", "ErrorCode", /./],
  ["packages/core/src/errors.ts", "LockLossReason", /^packages\/core\//],
  ["packages/core/src/errors.ts", "CacheUnavailableReason", /./],
  ["packages/core/src/errors.ts", "CredentialUnavailableReason", manager],
  ["packages/core/src/errors.ts", "IssueOutcome", /./],
  ["packages/core/src/issuer.ts", "RefreshReason", manager],
];

/** Returns the production sources without comments and without the types that they declare. */
function productionOf(files: readonly SourceFile[]): SourceFile[] {
  return files
    .filter(
      ({ path }) =>
        /^packages\/(?!conformance\/|wechat-simulator\/)[^/]+\/src\//.test(path) &&
        !/\.(?:test|fixture|types)\.ts$/.test(path),
    )
    .map(({ path, text }) => ({
      path,
      text: text
        .replaceAll(/\/\*\*[\s\S]*?\*\//g, "")
        .replaceAll(/\/\/.*$/gm, "")
        .replaceAll(/^(?:export )?type [\s\S]*?;$/gm, ""),
    }));
}

/**
 * Returns the members that are made nowhere, as `UNION: MEMBER`, and the event types and fields
 * that are emitted nowhere, as `TYPE` and `TYPE: FIELD`.
 *
 * @throws {Error} for a union or an event table that the sources lack: then nothing was checked.
 */
export function unmadeMembers(files: readonly SourceFile[]): readonly string[] {
  const sources = productionOf(files);
  const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? "";
  const unmade = unions.flatMap(([path, union, within]) => {
    const members = membersOf(textOf(path), union);
    if (members.length < 2) throw new Error(`${path} declares no union ${union}.`);
    const made = sources.filter(({ path: each }) => within.test(each) && each !== eventsPath);
    return members
      .filter((member) => {
        const pattern = new RegExp(`"${member}"|\\b${member}:`);
        return !made.some(({ text }) => pattern.test(text));
      })
      .map((member) => `${union}: ${member}`);
  });
  return [...unmade, ...unemitted(textOf(eventsPath), sources)];
}

function membersOf(text: string, union: string): string[] {
  const declared = new RegExp(`type ${union} =([^;]*);`).exec(text)?.[1] ?? "";
  return [...declared.matchAll(/"([^"]+)"/g)].map(([, member = ""]) => member);
}

function unemitted(declaration: string, sources: readonly SourceFile[]): string[] {
  const events = eventsOf(declaration);
  if (events.length < 20) throw new Error(`${eventsPath} declares no EventData.`);
  return events.flatMap(([type, fields]) => {
    const emitting = sources.filter(({ text }) => text.includes(`emit("${type}"`));
    if (emitting.length === 0) return [type];
    return fields
      .filter((field) => !emitting.some(({ text }) => new RegExp(`\\b${field}\\b`).test(text)))
      .map((field) => `${type}: ${field}`);
  });
}

/** Returns each type of event and its fields. */
function eventsOf(declaration: string): (readonly [type: string, fields: readonly string[]])[] {
  return (/interface EventData \{([\s\S]*?)\n\}/.exec(declaration)?.[1] ?? "")
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, "")
    .split(/^ {2}(?="?[a-z-]+"?: )/m)
    .slice(1)
    .map((entry) => [
      /^"?([a-z-]+)/.exec(entry)?.[1] ?? "",
      [...entry.matchAll(/readonly (\w+)/g)].map(([, field = ""]) => field),
    ]);
}
