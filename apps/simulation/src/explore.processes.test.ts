import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { claimMutants } from "./explore/claims/mutants.ts";
import { mutants } from "./explore/mutants.ts";

const script = fileURLToPath(new URL("explore.ts", import.meta.url));

function explore(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

describe("pnpm explore", () => {
  it(
    "prints the documented JSON, and succeeds if nothing was violated and every mutant was found",
    { timeout: 300_000 },
    () => {
      const total = mutants.length + claimMutants.length;
      const { status, stdout } = explore("--json", "--nodes", "3");
      const report = JSON.parse(stdout) as Record<string, unknown>;
      expect(Object.keys(report)).toEqual(["states", "violations", "mutants", "ms"]);
      expect(report).toMatchObject({
        violations: [],
        mutants: { total, found: total, survivors: [] },
      });
      expect(report["states"]).toBeGreaterThan(100_000);
      expect(status).toBe(0);
    },
  );

  it("prints its usage if its arguments are wrong", () => {
    for (const args of [["--nodes", "17"], ["--nonsense"]]) {
      const { status, stderr } = explore(...args);
      expect(status).toBe(2);
      expect(stderr).toContain("Usage: pnpm explore");
    }
  });
});
