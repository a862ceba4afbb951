import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Measurement } from "./scenes.ts";

async function demo(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("../main.ts", import.meta.url)), "demo", ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { out: await text(child.stdout), code: await exited };
}

describe("the demo", () => {
  it(
    "shows that the reference fails and Lingpai loses no call, in the platform's figures, over real processes",
    { timeout: 240_000 },
    async () => {
      const { code, out } = await demo("--json");
      const rows = JSON.parse(out) as Measurement[];
      expect(rows).toHaveLength(18);
      for (const { contender, scene, failed, fetches } of rows) {
        if (contender !== "cache per environment") {
          expect({ failed, fetches }, `${contender}, ${scene}`).toEqual({
            failed: 0,
            fetches: contender === "lingpai stable" && scene === "incident" ? 2 : 1,
          });
        } else if (scene === "herd, cold") {
          // The number of calls that succeed before their token dies varies.
          expect(fetches).toBeGreaterThan(1);
        } else expect(failed, scene).toBeGreaterThan(0);
      }
      expect(new Set(rows.map(({ overlapMs }) => overlapMs))).toEqual(new Set([0, 300_000]));
      expect(code).toBe(0);
    },
  );

  it("explains what is wrong with an argument", async () => {
    expect(await demo("--redis", "nonsense")).toMatchObject({ code: 2 });
  });
});
