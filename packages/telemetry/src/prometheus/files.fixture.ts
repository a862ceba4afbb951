import { join } from "node:path";
import { stringify } from "yaml";
import { grafanaDashboard } from "./grafana-dashboard.ts";
import { ruleFile } from "./rule-files.ts";

export const packageFolder: string = join(import.meta.dirname, "../..");

/** The files that the package ships, by their path in the package. */
export function shippedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const naming of ["exporter", "collector"] as const) {
    const heading = `# Written from packages/telemetry/src/prometheus: change that, then run \`pnpm --filter @lingpai/telemetry run write\`.\n`;
    const rules = stringify(ruleFile(naming), { lineWidth: 0, aliasDuplicateObjects: false });
    files.set(`prometheus/${naming}.rules.yml`, heading + rules);
    files.set(
      `grafana/${naming}.dashboard.json`,
      `${JSON.stringify(grafanaDashboard(naming), null, 2)}\n`,
    );
  }
  return files;
}
