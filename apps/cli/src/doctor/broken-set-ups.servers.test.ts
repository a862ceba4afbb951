/** A newcomer with a broken set-up gets the cause and the remedy on the first screen. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { setUp, setUps } from "./broken-set-ups.fixture.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

function doctor(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { LINGPAI_STORE: _store, ...clean } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, "doctor", ...args],
      { env: { ...clean, NO_COLOR: "1", ...env } },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

test.each(Object.keys(setUps))(
  "for a set-up with %s the first screen names cause and remedy, the worst first",
  async (name) => {
    const [{ args, cause, env, remedy }, close] = await setUp(name);
    onTestFinished(close);
    const { code, err, out } = await doctor(args, env);
    const lines = out.trimEnd().split("\n");
    expect(lines.length, out).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(({ length }) => length)), out).toBeLessThanOrEqual(80);
    const text = out.replaceAll(/\s+/g, " ");
    expect(text).toMatch(cause);
    expect(text).toMatch(remedy);
    // It must come first.
    const first = out.split("\n\n")[1] ?? "";
    expect(first.replaceAll(/\s+/g, " "), out).toMatch(remedy);
    expect({ code, err }).toEqual({ code: 1, err: "" });
  },
);

test("--fix makes the reversible changes, prints how to undo them, and checks again", async () => {
  const [{ args }, close] = await setUp("evicting Redis");
  onTestFinished(close);
  const { code, err, out } = await doctor([...args, "--fix", "--json"], {});
  expect(err).toContain("To undo it: CONFIG SET maxmemory-policy allkeys-lru");
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 0, isHealthy: true });
});
