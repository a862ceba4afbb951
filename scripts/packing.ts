/** Packs every published package as a release does, and checks the tarballs. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./process.ts";
import { toolPath } from "./tools.ts";
import { isPublished, type Member, members, root } from "./workspace.ts";

export interface Packed {
  readonly member: Member;
  readonly tarball: string;
  /** Paths inside the package, without the leading `package/`. */
  readonly files: readonly string[];
}

/** Builds the workspace and packs each published member into `folder`. */
export async function packAll(folder: string): Promise<readonly Packed[]> {
  await run(process.execPath, [toolPath("turbo"), "run", "build", "--output-logs=errors-only"], {
    cwd: root,
    timeoutMs: 300_000,
    env: withTools(),
  });
  const packed: Packed[] = [];
  for (const member of members().filter(isPublished)) packed.push(await pack(member, folder));
  return packed;
}

async function pack(member: Member, folder: string): Promise<Packed> {
  await run(process.execPath, [toolPath("pnpm"), "pack", "--pack-destination", folder], {
    cwd: member.folder,
    env: withTools(),
  });
  const stem = member.manifest.name.replace("@", "").replace("/", "-");
  const name = readdirSync(folder).find(
    (file) => file === `${stem}-${member.manifest.version}.tgz`,
  );
  if (name === undefined)
    throw new Error(`packing ${member.path} left no ${stem}-${member.manifest.version}.tgz`);
  const tarball = join(folder, name);
  const listing = await run("tar", ["-tzf", name], { cwd: folder });
  const files = listing.split(/\r?\n/).filter((line) => line !== "" && !line.endsWith("/"));
  return { member, tarball, files: files.map((path) => path.replace(/^package\//, "")).toSorted() };
}

/** turbo starts pnpm from PATH. */
export function withTools(): Record<string, string> {
  const separator = process.platform === "win32" ? ";" : ":";
  return {
    PATH: `${join(root, "node_modules/.bin")}${separator}${process.env["PATH"] ?? ""}`,
    TURBO_TELEMETRY_DISABLED: "1",
  };
}

/**
 * The files that a package must not ship, each with the reason. `sources` are those that exist
 * below the package's `src`.
 */
export function misplaced(files: readonly string[], sources: ReadonlySet<string>): string[] {
  return files.flatMap((path) => {
    if (/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)) return [];
    // Files for other programs: rules for Prometheus, dashboards for Grafana.
    if (/^(grafana\/[\w.]+\.json|prometheus\/[\w.]+\.yml)$/.test(path)) return [];
    if (path.startsWith("README")) return [`${path} would be shown by npm in place of README.md`];
    if (/\.(test|types|bench|fixture|kit)\.|\/(mutants|fixtures)\//.test(path))
      return [`${path} is of use to tests only`];
    if (path.endsWith(".map")) return [`${path} points to sources that are not shipped`];
    const built = /^dist\/(.+?)\.(?:js|d\.ts)$/.exec(path)?.[1];
    if (built === undefined) return [`${path} is neither code nor a document`];
    return sources.has(`${built}.ts`)
      ? []
      : [`${path} was built from a file that is gone; delete dist and build again`];
  });
}

/** The declarations that a shipped one imports and that are not shipped. */
export function lostDeclarations(folder: string, files: readonly string[]): string[] {
  const shipped = new Set(files);
  return files
    .filter((path) => path.endsWith(".d.ts"))
    .flatMap((path) => {
      const text = readFileSync(join(folder, path), "utf8");
      return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.[jt]s"/g)].flatMap(
        ([, from = ""]) => {
          const imported = join(dirname(path), `${from}.d.ts`).replaceAll("\\", "/");
          return shipped.has(imported) ? [] : [`${path} imports ${imported}`];
        },
      );
    });
}
