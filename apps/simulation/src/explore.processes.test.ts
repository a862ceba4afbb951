import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
const script = fileURLToPath(new URL("explore.ts", import.meta.url));

function explore(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

describe("pnpm explore", () => {
  it.each(["complain", "release"])(
    "prints the documented JSON, and succeeds if nothing was violated and every mutant was found: %s",
    { timeout: 300_000 },
    (only) => {
      const { status, stdout } = explore("--json", "--only", only);
      const report = JSON.parse(stdout) as Record<string, unknown>;
      expect(Object.keys(report)).toEqual(["states", "violations", "mutants", "ms"]);
      expect(report).toMatchObject({
        violations: [],
        mutants: { total: 1, found: 1, survivors: [] },
      });
      expect(report["states"]).toBeGreaterThan(10_000);
      expect(status).toBe(0);
    },
  );

  it("prints its usage if its arguments are invalid", () => {
    for (const args of [["--nodes", "17"], ["--only", "nothing"], ["--nonsense"]]) {
      const { status, stderr } = explore(...args);
      expect(status).toBe(2);
      expect(stderr).toContain("Usage: pnpm explore");
    }
  });
});
