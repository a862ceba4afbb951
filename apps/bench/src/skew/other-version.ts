/** Another revision of this workspace's packages in a temporary folder, ready to run. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..", "..");
const benchPath = join("apps", "bench");

/** The last release's tag. Undefined before the first release. */
export function lastRelease(): string | undefined {
  const tags = git("tag", "--list", "*[0-9].[0-9]*", "--sort=-creatordate").split("\n");
  return tags.find((tag) => tag !== "");
}

export function commitOf(revision: string): string {
  return git("rev-parse", "--short", `${revision}^{commit}`).trim();
}

export class OtherVersion implements Disposable {
  readonly #folder: string;

  /**
   * Its packages resolve each other, and the third-party packages that are installed here. The
   * worker is the current one.
   */
  constructor(revision: string) {
    this.#folder = mkdtempSync(join(tmpdir(), "lingpai-skew-"));
    const archive = execFileSync("git", ["archive", revision, "packages", "package.json"], {
      cwd: root,
      maxBuffer: 1 << 30,
    });
    execFileSync("tar", ["-x", "-C", this.#folder], { input: archive });
    for (const name of readdirSync(join(this.#folder, "packages")))
      this.#link(join("packages", name));
    cpSync(here, join(this.#folder, benchPath, "src", "skew"), { recursive: true });
    cpSync(join(here, "..", "fleet.ts"), join(this.#folder, benchPath, "src", "fleet.ts"));
    cpSync(join(root, benchPath, "package.json"), join(this.#folder, benchPath, "package.json"));
    this.#link(benchPath);
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"));
  }

  get worker(): URL {
    return pathToFileURL(join(this.#folder, benchPath, "src", "skew", "worker.ts"));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The links of a member are relative, so that they lead to the other version's members. */
  #link(member: string): void {
    const from = join(root, member, "node_modules");
    if (existsSync(from))
      cpSync(from, join(this.#folder, member, "node_modules"), {
        recursive: true,
        verbatimSymlinks: true,
      });
  }
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" });
}
