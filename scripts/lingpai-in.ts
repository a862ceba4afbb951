/**
 * Runs a user's first commands of `npx lingpai`, in a folder in which only the package is
 * installed.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { run } from "./process.ts";

export interface FirstHour {
  /** The output of `demo`. */
  readonly demo: string;
  /** The response of `serve` to `GET /v1/doctor`. */
  readonly served: unknown;
  /** The output of `doctor --json` beside it. */
  readonly doctor: string;
}

const appId = "wx0123456789abcdef";

/** The server keeps its tokens in a sealed file of this folder, where the doctor finds them. */
export async function lingpaiIn(folder: string): Promise<FirstHour> {
  const npx = ["--no-install", "lingpai"];
  const demo = await run("npx", [...npx, "demo", "--quick"], { cwd: folder });
  const env = {
    LINGPAI_ENVIRONMENT: "production",
    LINGPAI_APPS_MAIN_APP_ID: appId,
    LINGPAI_APPS_MAIN_SECRET: "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0",
    LINGPAI_SERVER_PORT: "0",
  };
  const server = spawn("npx", [...npx, "serve", "--first-key"], {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const printed = await printedUntil(server, /Serving at (\S+)/);
    const [, url = ""] = /Serving at (\S+)/.exec(printed) ?? [];
    const [key = ""] = /lp_\S+/.exec(printed) ?? [];
    const headers = { authorization: `Bearer ${key}` };
    const served: unknown = await (await fetch(`${url}/v1/doctor`, { headers })).json();
    const doctor = await run("npx", [...npx, "doctor", "--json"], { cwd: folder, env });
    return { demo, served, doctor };
  } finally {
    // npx starts another process, and the process group contains both.
    if (server.pid !== undefined) process.kill(-server.pid, "SIGTERM");
  }
}

function printedUntil({ stdout }: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stdout?.on("data", (piece: Buffer) => {
      text += piece.toString();
      if (wanted.test(text)) resolve(text);
    });
    stdout?.once("end", () => reject(new Error(`The server ended. It printed:\n${text}`)));
  });
}
