/** A process that follows one configuration centre and does nothing else. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const index = new URL("../../index.ts", import.meta.url).href;
/** Much longer than a process needs, and far below a test's own limit. */
const limitMs = 60_000;

/**
 * Resolves to what the process printed when it has ended by itself, and rejects when it had to be
 * killed.
 *
 * @param source the call of one of the package's sources, as code.
 * @param options.untilOpen what it does until its watch has a request open, as code.
 * @param options.atLast what it does at its end, as code.
 */
export async function follower(
  source: string,
  { untilOpen = "", atLast = "" }: { readonly untilOpen?: string; readonly atLast?: string } = {},
): Promise<string> {
  const program = `
    const { apolloSource, etcdSource, nacosSource, openConfig } = await import(${JSON.stringify(index)});
    const sources = [${source}];
    const config = await openConfig({ environment: "prod", sources });
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    while (config.status[0].watch !== "listening") await pause();
    ${untilOpen}
    // A request that is awaited keeps the process alive, also beside one that does not.
    const problems = await config.reload();
    ${atLast}
    console.log("listened", problems);`;
  const ended = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { timeout: limitMs, killSignal: "SIGKILL" },
  );
  return ended.stdout;
}
