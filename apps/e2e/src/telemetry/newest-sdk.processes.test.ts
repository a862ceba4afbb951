import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

interface Printed {
  readonly secret: string;
  readonly metrics: readonly { readonly name: string }[];
  readonly spans: readonly { readonly name: string }[];
}

test("OpenTelemetry's API 1.10 with SDK 3 gets the metrics and spans too, and no secret", async () => {
  const program = join(import.meta.dirname, "newest-sdk.fixture.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const { secret, ...observed } = JSON.parse(stdout) as Printed;
  expect(observed.metrics.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["lingpai.get.duration", "lingpai.provider.fetches"]),
  );
  expect(observed.spans.map(({ name }) => name).toSorted()).toEqual([
    "lingpai.get",
    "lingpai.refresh",
  ]);
  const text = JSON.stringify(observed);
  for (let at = 0; at + 8 <= secret.length; at += 1)
    expect(text).not.toContain(secret.slice(at, at + 8));
});
