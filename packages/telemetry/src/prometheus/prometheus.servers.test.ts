import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startDaemon, until } from "@lingpai/test-servers";
import type { Daemon } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { packageFolder } from "./files.fixture.ts";
import { dashboardRows } from "./grafana-dashboard.ts";
import { seriesIn } from "./metric-names.ts";
import { exporterScrape, namesRead } from "./scrape.fixture.ts";

interface Answer {
  readonly status: string;
  readonly data: {
    readonly result?: readonly unknown[];
    readonly groups?: readonly {
      readonly rules: readonly { readonly health: string; readonly lastError?: string }[];
    }[];
  };
}

const collectorScrape = readFileSync(join(import.meta.dirname, "collector-scrape.txt"), "utf8");

describe.each([
  ["exporter", exporterScrape],
  ["collector", () => Promise.resolve(collectorScrape)],
] as const)("a real Prometheus that scrapes what the %s shows", (naming, scrape) => {
  let target: Server;
  let prometheus: Daemon;

  beforeAll(async () => {
    const text = await scrape();
    target = createServer((_request, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4").end(text);
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const { port } = target.address() as AddressInfo;
    prometheus = await startDaemon({
      binary: "prometheus",
      debianPackage: "prometheus",
      args: (folder, listen) => {
        const config = {
          global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
          rule_files: ["rules.yml"],
          scrape_configs: [
            { job_name: "lingpai", static_configs: [{ targets: [`127.0.0.1:${port}`] }] },
          ],
        };
        const rules = readFileSync(join(packageFolder, `prometheus/${naming}.rules.yml`));
        writeFileSync(join(folder, "rules.yml"), rules);
        writeFileSync(join(folder, "prometheus.yml"), stringify(config));
        return [
          `--config.file=${folder}/prometheus.yml`,
          `--storage.tsdb.path=${folder}/data`,
          `--web.listen-address=127.0.0.1:${listen}`,
        ];
      },
    });
    await until(
      "Prometheus has scraped",
      async () => ((await query("up == 1")).data.result ?? []).length > 0,
    );
  });

  afterAll(async () => {
    await prometheus.stop();
    target.close();
  });

  const ask = async (path: string): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${prometheus.port}/api/v1/${path}`);
    return (await response.json()) as Answer;
  };
  const query = (expression: string): Promise<Answer> =>
    ask(`query?query=${encodeURIComponent(expression)}`);

  test("loads every rule and evaluates it without an error", async () => {
    await until("every rule was evaluated", async () => {
      const rules = (await ask("rules")).data.groups?.flatMap((group) => group.rules) ?? [];
      return rules.length > 0 && rules.every(({ health }) => health !== "unknown");
    });
    const rules = (await ask("rules")).data.groups?.flatMap((group) => group.rules) ?? [];
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
  });

  test("answers every panel of the dashboard, from series that it has", async () => {
    const panels = dashboardRows.flatMap((row) => row.panels);
    for (const { title, expression } of panels) {
      const asked = expression(seriesIn(naming))
        .replaceAll("$environment", ".*")
        .replaceAll("$credential", ".*");
      expect((await query(asked)).status, title).toBe("success");
      for (const name of namesRead(asked))
        // A recording needs several scrapes for a value. Its rule was evaluated above.
        if (!name.includes(":"))
          expect((await query(name)).data.result, `${title}: ${name}`).not.toEqual([]);
    }
  });
});
