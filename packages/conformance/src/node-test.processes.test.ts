import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { clauses } from "./clauses/index.ts";

const suite = `
  const { conform } = await import(process.argv[1]);
  const { simulatedBackend, standaloneFacts } = await import(process.argv[2]);
  const hideEmpty = ({ get }) => ({ get: async (name) => get(name).then((entry) => (entry?.value === "" ? undefined : entry)) });
  conform(simulatedBackend({ facts: standaloneFacts, driver: hideEmpty }, "hides empty values"));
`;

test("under node:test each clause is a test, and only a broken clause fails", async () => {
  const modules = ["./node-test.ts", "./mutants/simulated/simulated-backend.ts"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const args = ["--test-reporter=tap", "--input-type=module", "--eval", suite, ...modules];
  const outcome: { readonly stdout?: string } = await promisify(execFile)(
    process.execPath,
    args,
  ).catch((error: unknown) => Object(error));
  const failed = [
    ...(outcome.stdout ?? "").matchAll(
      /not ok \d+ - (CACHE|PREFIX|LOCK|LEASE|FENCE|WATCH|FAULT|CLUSTER)-(\d\d)/g,
    ),
  ].map(([, family, number]) => `${family}-${number}`);
  expect(failed).toEqual(["CACHE-01"]);
  expect(outcome.stdout).toContain(`# pass ${clauses.length - 1}`);
});
