import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { casesIn, promtoolTest } from "./alert-cases.fixture.ts";
import { alerts } from "./alerts.ts";
import { packageFolder } from "./files.fixture.ts";

test.each(["exporter", "collector"] as const)(
  "Prometheus fires each alert of the %s for its own cases, and for no case near them",
  async (naming) => {
    const cases = casesIn(naming);
    expect(cases.map(({ alert }) => alert).toSorted()).toEqual(
      alerts.map(({ name }) => name).toSorted(),
    );
    const folder = await mkdtemp(join(tmpdir(), "lingpai-alerts-"));
    try {
      const rules = join(packageFolder, `prometheus/${naming}.rules.yml`);
      const file = join(folder, "alerts.test.yml");
      await writeFile(file, stringify(promtoolTest(rules, naming)));
      const run = promisify(execFile);
      const { stdout } = await run("promtool", ["test", "rules", file]);
      expect(stdout).toContain("SUCCESS");
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
