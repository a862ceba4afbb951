/** A backend on files, one for each clause's world. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inProcess } from "@lingpai/conformance";
import type { Backend, Facts } from "@lingpai/conformance";
import { openInRealTime } from "./real-time.ts";
import type { Source } from "./real-time.ts";

const fileFacts: Facts = {
  ...inProcess,
  pushesChanges: false,
  pushesReleases: false,
  persistence: "client",
  sharedBetweenProcesses: true,
  toleranceMs: 200,
};

export function fileBackend(
  adapter: string,
  backend: string,
  connect: (file: string) => Source | Promise<Source>,
): Backend {
  return {
    adapter,
    backend,
    facts: fileFacts,
    async start() {
      const directory = await mkdtemp(join(tmpdir(), "lingpai-sqlite-"));
      let files = 0;
      return {
        async open() {
          files += 1;
          const file = join(directory, `${files}.db`);
          return openInRealTime(() => connect(file));
        },
        stop: () => rm(directory, { recursive: true, force: true }),
      };
    },
  };
}
