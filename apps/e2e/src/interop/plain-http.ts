/** The programs that run on a token server: samples without an SDK, and an SDK on another base URL. */
import { join } from "node:path";
import type { SdkName } from "@lingpai/server";
import { built, home, run, sdks } from "./toolchains.ts";
import type { Command } from "./toolchains.ts";

export interface ServerProgram {
  readonly name: string;
  readonly needs: readonly string[];
  /** The SDK that caches, for the server's `expires_in`. */
  readonly sdk?: SdkName;
  build(): Promise<Command>;
}

const plain = join(home, "plain");

export const serverPrograms: readonly ServerProgram[] = [
  {
    name: "plain HTTP (Go)",
    needs: ["go"],
    async build() {
      const file = join(built, "plain-go");
      await run("go", ["build", "-mod=readonly", "-o", file, "."], join(plain, "go"));
      return { file, args: [] };
    },
  },
  {
    name: "plain HTTP (Java)",
    needs: ["java", "javac"],
    async build() {
      const target = join(built, "plain-java");
      await run("javac", ["-d", target, "Plain.java", "Main.java"], join(plain, "java"));
      return { file: "java", args: ["-Xmx64m", "-cp", target, "Main"] };
    },
  },
  {
    name: "plain HTTP (Python)",
    needs: ["python3"],
    build: () => Promise.resolve({ file: "python3", args: ["-u", join(plain, "python/main.py")] }),
  },
  {
    name: "plain HTTP (PHP)",
    needs: ["php"],
    build: () => Promise.resolve({ file: "php", args: [join(plain, "php/main.php")] }),
  },
  {
    name: "silenceper/wechat 2.1.10 (Go), another base URL",
    needs: ["go"],
    sdk: "silenceper/wechat",
    build: () => sdks[0]!.build(),
  },
];
