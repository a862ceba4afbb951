/**
 * The SDKs of other languages: their required commands, and how to build and start their programs.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConventionName } from "@lingpai/interop";

export const home: string = join(import.meta.dirname, "../../interop");
export const built: string = join(home, "../../../.cache/interop");

export interface Sdk {
  readonly name: string;
  /** Commands that must be on PATH. */
  readonly needs: readonly string[];
  /** Extensions that PHP must have loaded. */
  readonly extensions?: readonly string[];
  /** True if only our sample runs, without an SDK that could fetch by itself. */
  readonly isSampleOnly?: true;
  /** The convention under which it reads its token. */
  readonly convention: ConventionName;
  /** Builds its program and returns the command that starts it. */
  build(): Promise<Command>;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export const sdks: readonly Sdk[] = [
  {
    name: "silenceper/wechat 2.1.10 (Go)",
    needs: ["go"],
    convention: "silenceper/officialaccount",
    async build() {
      const file = join(built, "go-program");
      await run("go", ["build", "-mod=readonly", "-o", file, "."], join(home, "go"));
      return { file, args: [] };
    },
  },
  {
    name: "WxJava 4.7.0 (Java)",
    needs: ["java", "mvn"],
    convention: "wxjava/mp",
    async build() {
      const [target, path] = [join(built, "java"), join(built, "java.classpath")];
      const goals = [
        "compile",
        "dependency:build-classpath",
        `-Dinterop.build=${target}`,
        `-Dmdep.outputFile=${path}`,
      ];
      await run("mvn", ["-q", "-B", ...goals], join(home, "java"));
      return {
        file: "java",
        args: [
          "-Xmx128m",
          "-cp",
          `${join(target, "classes")}:${readFileSync(path, "utf8").trim()}`,
          "Main",
        ],
      };
    },
  },
  {
    name: "wechatpy 1.8.18 (Python)",
    needs: ["python3"],
    convention: "wechatpy",
    async build() {
      const environment = join(built, "python");
      const file = join(environment, "bin/python");
      if (!existsSync(file)) await run("python3", ["-m", "venv", environment], home);
      await run(
        file,
        ["-m", "pip", "install", "-q", "-r", "requirements.txt"],
        join(home, "python"),
      );
      return { file, args: ["-u", join(home, "python/main.py")] };
    },
  },
  {
    name: "the sample for EasyWeChat 6 (PHP)",
    needs: ["php"],
    extensions: ["redis", "json"],
    isSampleOnly: true,
    convention: "wxjava/mp",
    build: () => Promise.resolve({ file: "php", args: [join(home, "php/main.php")] }),
  },
];

export function missingOf({
  needs,
  extensions = [],
}: Pick<Sdk, "needs" | "extensions">): readonly string[] {
  const commands = needs.filter(
    (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status !== 0,
  );
  if (commands.length > 0 || extensions.length === 0) return commands;
  const loaded = spawnSync("php", ["-m"], { encoding: "utf8" }).stdout.split(/\s+/);
  return extensions
    .filter((name) => !loaded.includes(name))
    .map((name) => `the ${name} extension of PHP`);
}

const buildLimitMs = 420_000;

/** Runs a tool. Rejects with its output. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<void> {
  mkdirSync(built, { recursive: true });
  const tool = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: buildLimitMs });
  let printed = "";
  for (const stream of [tool.stdout, tool.stderr])
    stream.on("data", (chunk) => (printed += String(chunk)));
  await new Promise<void>((resolve, reject) => {
    tool.on("error", reject);
    tool.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${file} ${args.slice(0, 3).join(" ")} ended with ${code}:\n${printed.slice(-2_000)}`,
          ),
        );
    });
  });
}
