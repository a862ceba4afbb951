#!/usr/bin/env node
/**
 * `pnpm interop [go|java|python|php …]`: takes about four minutes after the first build. It needs
 * redis-server and redis-sentinel.
 */
import { runOnSeparateTokens } from "./separate-tokens.ts";
import { runOnServer } from "./on-server.ts";
import { serverPrograms } from "./plain-http.ts";
import type { ServerProgram } from "./plain-http.ts";
import { brokenIn, render } from "./report.ts";
import type { Row } from "./report.ts";
import { runOnSharedToken } from "./shared-token.ts";
import { missingOf, sdks } from "./toolchains.ts";
import type { Command, Sdk } from "./toolchains.ts";

/** Builds the SDKs that can run here, and prints what the others need. */
async function built<Kind extends Sdk | ServerProgram>(
  chosen: readonly Kind[],
): Promise<ReadonlyMap<Kind, Command>> {
  const ready = new Map<Kind, Command>();
  for (const sdk of chosen) {
    const missing = missingOf(sdk);
    if (missing.length > 0) {
      console.error(
        `${sdk.name} is left out: ${missing.join(" and ")} is missing. Install it, or name the languages to run.`,
      );
      process.exitCode = 1;
      continue;
    }
    console.log(`building ${sdk.name}`);
    ready.set(sdk, await sdk.build());
  }
  return ready;
}

async function main(wanted: readonly string[]): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    wanted.length === 0 || wanted.some((each) => name.toLowerCase().includes(`(${each}`));
  const ready = await built(sdks.filter(isWanted));
  const programs = await built(serverPrograms.filter(isWanted));
  if (ready.size === 0) {
    console.error("Nothing to run. Name some of: go, java, python, php.");
    process.exitCode = 1;
    return;
  }
  const rows: Row[] = [];
  for (const overlapMs of [0, 300_000]) {
    console.log(`running with an overlap of ${overlapMs / 1_000} s`);
    rows.push(
      ...(await runOnSeparateTokens(ready, overlapMs)),
      ...(await runOnSharedToken(ready, overlapMs)),
      ...(await runOnServer(programs, overlapMs)),
    );
  }
  console.log(render(rows));
  const broken = brokenIn(rows);
  for (const each of broken) console.error(each);
  if (broken.length > 0) process.exitCode = 1;
  else console.log("Every promise of the pages held on the shared token and on a token server.");
}

await main(process.argv.slice(2).map((each) => each.toLowerCase()));
