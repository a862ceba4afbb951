/**
 * The score sheet: limits for the sizes, names and dependencies of this repository's parts. Part of
 * `pnpm lint`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  isPublished,
  type Member,
  members,
  project,
  root,
  type SourceFile,
  sourceFiles,
} from "./workspace.ts";

const limits = {
  rootEntries: 30,
  fileBytes: 12_288,
  medianBytes: 4_096,
  adapterLines: 200,
  adapterTestLines: 15,
};
const generated = new Set([".git", ".cache", ".turbo", "coverage", "node_modules"]);

export function checkRoot(entries: readonly string[]): string[] {
  const kept = entries.filter((name) => !generated.has(name));
  if (kept.length <= limits.rootEntries) return [];
  return [
    `the root has ${kept.length} entries, more than ${limits.rootEntries}. Move one into the package, app or scripts folder that it serves.`,
  ];
}

export function checkFiles(files: readonly SourceFile[]): string[] {
  const sources = files.filter(({ path }) => !isTest(path));
  const sizes = sources.map(({ text }) => Buffer.byteLength(text)).toSorted((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
  return [
    ...(median > limits.medianBytes
      ? [
          `the median source file has ${median} bytes, more than ${limits.medianBytes}. Split files by noun.`,
        ]
      : []),
    ...sources
      .filter(({ text }) => Buffer.byteLength(text) > limits.fileBytes)
      .map(
        ({ path, text }) =>
          `${path} has ${Buffer.byteLength(text)} bytes, more than ${limits.fileBytes}. Give one of its nouns a file of its own.`,
      ),
    ...files
      .filter(({ path }) => !/^([a-z0-9]+(-[a-z0-9]+)*[./])+ts$/.test(path.split("/src/")[1] ?? ""))
      .map(({ path }) => `${path} is not in kebab-case. Rename it after its one noun.`),
    ...files.flatMap(checkAdapterFile),
  ];
}

function checkAdapterFile({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split("\n").length;
  if (/^packages\/adapter-[^/]+\/src\/index\.ts$/.test(path) && lines > limits.adapterLines) {
    return [
      `${path} has ${lines} lines, more than ${limits.adapterLines}. An adapter holds only what differs; move the rest to core, or to a file beside it.`,
    ];
  }
  if (
    /^packages\/adapter-[^/]+\/src\/index\.test\.ts$/.test(path) &&
    lines > limits.adapterTestLines
  ) {
    return [
      `${path} has ${lines} lines, more than ${limits.adapterTestLines}. It binds the conformance suite; put other tests beside what they test.`,
    ];
  }
  return [];
}

function isTest(path: string): boolean {
  return /\.(test|types|bench|fixture|kit)\.ts$|\/(fixtures|mutants)\//.test(path);
}

/**
 * The promises of every package.json. Its rules about dependencies are those that an import cannot
 * show.
 */
export function checkMember(member: Member, all: readonly Member[]): string[] {
  const { manifest, path } = member;
  const runtime = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const privateOnes = new Set(
    all.filter((other) => !isPublished(other)).map((other) => other.manifest.name),
  );
  const problems: (string | false)[] = [
    path === "packages/core" &&
      runtime.length > 0 &&
      `depends on ${runtime.join(", ")}; core depends on nothing. Declare the interface instead`,
    member.group === "packages" &&
      runtime.some((name) => name.startsWith("@lingpai/adapter-")) &&
      "depends on an adapter; only apps and tests may. Take a Cache or a Lock instead, and list the adapter under devDependencies",
    isPublished(member) &&
      runtime.some((name) => privateOnes.has(name)) &&
      "is published but depends on a private package; nobody could install it. Publish that one too, or make it a devDependency",
    isPublished(member) &&
      member.readme === "" &&
      "has no README.md: one sentence, what it needs, ten lines that run",
    ...(isPublished(member)
      ? [...checkPublished(member), ...checkMetadata(member), ...checkReadme(member)]
      : []),
  ];
  return problems.filter((problem) => problem !== false).map((problem) => `${path} ${problem}.`);
}

/** A reader on npm copies the first example, and the line that installs its imports. */
function checkReadme({ readme, manifest }: Member): (string | false)[] {
  const [, first = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const imported = [...first.matchAll(/ from "(@[^/"]+\/[^/"]+|[^/"]+)/g)].map(
    ([, name = ""]) => name,
  );
  const wanted = new Set([manifest.name, ...imported.filter((name) => !name.startsWith("node:"))]);
  const lines = [...readme.matchAll(/^npm i(?: -D)? (.+)$/gm)].flatMap(([, names = ""]) =>
    names.split(" "),
  );
  const missing = [...wanted].filter((name) => !lines.includes(name));
  const relative = [...readme.matchAll(/\]\((?![a-z]+:|#)([^)\s]+)\)/g)].map(
    ([, target = ""]) => target,
  );
  return [
    relative.length > 0 &&
      `has a README that links to ${relative.join(", ")}, which leads nowhere on npm. Write the whole address`,
    missing.length > 0 &&
      `has a README that does not say how to install ${missing.join(", ")}: npm i ${missing.join(" ")}`,
  ];
}

const { repository, bugs, author } = project();

/**
 * The fields that npm shows beside a package, and those that a publish with provenance requires.
 */
function checkMetadata({ manifest, path, hasChangelog }: Member): (string | false)[] {
  const page = repository.url.replace(/^git\+(.*)\.git$/, `$1/tree/main/${path}#readme`);
  return [
    (manifest.keywords ?? []).length < 3 &&
      'needs at least three "keywords", by which it is searched for',
    manifest.homepage !== page && `needs "homepage": "${page}"`,
    manifest.bugs !== bugs && `needs "bugs": "${bugs}"`,
    manifest.author !== author && `needs "author": "${author}"`,
    (manifest.repository?.url !== repository.url || manifest.repository.directory !== path) &&
      `needs "repository": { "type": "git", "url": "${repository.url}", "directory": "${path}" }, or npm refuses its provenance`,
    !hasChangelog && "has no CHANGELOG.md: one line, its name, to which the releases add",
    !manifest.files?.includes("CHANGELOG.md") &&
      'needs "CHANGELOG.md" among its "files"; npm leaves it out otherwise',
    manifest.scripts?.["prepack"] === undefined &&
      'needs "prepack", so that nothing is packed that was built before the last change',
  ];
}

function checkPublished({ manifest }: Member): (string | false)[] {
  const development = Object.keys(manifest.exports ?? {})
    .toSorted()
    .join();
  const published = Object.keys(manifest.publishConfig?.exports ?? {})
    .toSorted()
    .join();
  return [
    manifest.license !== "MIT" && 'needs "license": "MIT"',
    manifest.type !== "module" && 'needs "type": "module"',
    (manifest.description ?? "") === "" && 'needs a "description" of one sentence',
    manifest.engines?.["node"] === undefined && 'needs "engines": { "node": … }',
    manifest.files === undefined && 'needs "files", or everything in its folder is published',
    manifest.publishConfig?.access !== "public" && 'needs "publishConfig": { "access": "public" }',
    development !== published &&
      `exports ${development || "nothing"} here but ${published || "nothing"} when published; keep both lists the same`,
  ];
}

/** A tag can be moved to other code; a commit cannot. */
export function checkWorkflow(path: string, text: string): string[] {
  const used = [...text.matchAll(/\buses: (\S+)/g)].map(([, action = ""]) => action);
  return used
    .filter((action) => !action.startsWith("./") && !/@[0-9a-f]{40}$/.test(action))
    .map(
      (action) =>
        `${path} uses ${action}. Name it by its whole commit, with the version as a comment.`,
    );
}

function workflows(): string[] {
  return readdirSync(join(root, ".github"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".yml"),
  );
}

export function problems(): string[] {
  const all = members();
  return [
    ...checkRoot(readdirSync(root)),
    ...checkFiles(sourceFiles()),
    ...all.flatMap((member) => checkMember(member, all)),
    ...workflows().flatMap((path) =>
      checkWorkflow(`.github/${path}`, readFileSync(join(root, ".github", path), "utf8")),
    ),
  ];
}

if (import.meta.main) {
  const found = problems();
  for (const problem of found) console.error(`shape: ${problem}`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
