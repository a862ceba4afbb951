import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "@lingpai/test-servers";
import { expect, test } from "vitest";

const run = fileURLToPath(new URL("../run.ts", import.meta.url));

test.each(["redis", "redis-sentinel"])(
  "a command whose store (%s) cannot be reached leaves nothing that keeps its process",
  async (kind) => {
    const [port] = await freePorts(1);
    const store = `${kind}://127.0.0.1:${port}${kind === "redis-sentinel" ? "/mymaster" : ""}`;
    const script = `
      const { runLingpai } = await import(${JSON.stringify(run)});
      const code = await runLingpai(["doctor", "--store", ${JSON.stringify(store)}]);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify([code, process.getActiveResourcesInfo().filter(
        (kind) => kind === "Timeout" || kind.startsWith("TCP"))]));
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      script,
    ]);
    expect(JSON.parse(stdout)).toEqual([3, []]);
  },
);
