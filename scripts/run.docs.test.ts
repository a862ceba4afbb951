/** The two commands that a newcomer runs, as npm runs them. */
import { describe, expect, test } from "vitest";
import { run } from "./process.ts";
import { root } from "./workspace.ts";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

describe("npm run demo", () => {
  test("prints only JSON on stdout if asked to", async () => {
    const stdout = await run(npm, ["run", "demo", "--", "--json"], { cwd: root });
    const rows = JSON.parse(stdout) as readonly Record<string, unknown>[];
    expect(rows).not.toHaveLength(0);
    for (const row of rows)
      expect(Object.keys(row)).toEqual(
        expect.arrayContaining(["scene", "contender", "fetches", "calls", "failed"]),
      );
  });
});

describe("npm test", () => {
  test("does not start another run within itself", async () => {
    expect(await run(npm, ["test"], { cwd: root, env: { LINGPAI_TEST_RUN: "1" } })).toBe(
      "lingpai: this already is a test run (a README block asked for one); not starting another inside it.\n",
    );
  });
});

test.for(["22", "24", "26"])(
  "with LINGPAI_NODE=%s an unknown task is refused with the list of existing ones",
  async (version) => {
    await expect(
      run(process.execPath, ["scripts/run.mjs", "dance"], {
        cwd: root,
        env: { LINGPAI_TEST_RUN: "1", LINGPAI_NODE: version },
      }),
    ).rejects.toThrow('"dance" is not a task. There are demo, test, check and nightly.');
  },
);
