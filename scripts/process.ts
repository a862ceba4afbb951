/** Child processes for tests. They run to the end, and an error contains all their output. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/**
 * Runs a program with closed stdin and returns what it printed on stdout.
 *
 * @throws when it ends with another code than 0 or takes longer than `timeoutMs` (120 000 by
 *   default).
 */
export async function run(
  file: string,
  args: readonly string[],
  { cwd, env = {}, timeoutMs = 120_000 }: RunOptions,
): Promise<string> {
  const pending = execute(file, [...args], {
    cwd,
    env: { ...inherited(), ...env },
    timeout: timeoutMs,
    maxBuffer: 2 ** 26,
    encoding: "utf8",
  });
  pending.child.stdin?.end();
  try {
    return (await pending).stdout;
  } catch (error) {
    const {
      code,
      signal,
      stdout = "",
      stderr = "",
    } = error as { code?: number | string; signal?: string; stdout?: string; stderr?: string };
    // oxlint-disable-next-line preserve-caught-error -- everything it says is in this message; a cause would print it twice
    throw new Error(
      `${file} ${args.join(" ")} ended with ${signal ?? code} in ${cwd}\n${stdout}${stderr}`,
    );
  }
}

/**
 * The environment without the variables of a test runner or a package manager, which would change a
 * child's behaviour.
 */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_|pnpm_|vitest|vite_|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|TEST$|FORCE_COLOR$)/i.test(
        name,
      ),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), NO_COLOR: "1" };
}
