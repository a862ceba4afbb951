/** The workspace as it is on disk: its members are found, never listed. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the tools read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly bugs?: string;
  readonly repository?: {
    readonly type: string;
    readonly url: string;
    readonly directory?: string;
  };
  readonly author?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly publishConfig?: {
    readonly access?: string;
    readonly exports?: Readonly<Record<string, unknown>>;
  };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Member {
  readonly group: "packages" | "apps";
  /** The folder below the group, as in `packages/core`. */
  readonly path: string;
  readonly folder: string;
  /** Empty when there is none. */
  readonly readme: string;
  readonly hasChangelog: boolean;
  readonly manifest: Manifest;
}

/** All packages and apps, in the order of their paths. */
export function members(workspace: string = root): readonly Member[] {
  return (["packages", "apps"] as const).flatMap((group) =>
    namesIn(join(workspace, group))
      .filter((name) => existsSync(join(workspace, group, name, "package.json")))
      .map((name) => {
        const folder = join(workspace, group, name);
        const readme = join(folder, "README.md");
        return {
          group,
          path: `${group}/${name}`,
          folder,
          readme: existsSync(readme) ? readFileSync(readme, "utf8") : "",
          hasChangelog: existsSync(join(folder, "CHANGELOG.md")),
          manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest,
        };
      }),
  );
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

export function isPublished({ manifest }: Member): boolean {
  return manifest.private !== true;
}

/** What the root says of the project; npm shows the same with every package. */
export function project(): Pick<Manifest, "bugs" | "author"> & {
  readonly repository: { readonly url: string };
} {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as ReturnType<typeof project>;
}

export interface SourceFile {
  /** From the workspace's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below the members' `src` folders. */
export function sourceFiles(workspace: string = root): readonly SourceFile[] {
  return members(workspace).flatMap((member) => {
    const src = join(member.folder, "src");
    if (!existsSync(src)) return [];
    return readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => ({
        path: `${member.path}/src/${name.replaceAll("\\", "/")}`,
        text: readFileSync(join(src, name), "utf8"),
      }));
  });
}
