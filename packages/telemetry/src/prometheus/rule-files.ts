/** The rules in Prometheus's format. */
import { alerts } from "./alerts.ts";
import { seriesIn } from "./metric-names.ts";
import type { Naming } from "./metric-names.ts";
import { recordings } from "./recordings.ts";

const runbooks = "https://github.com/lingpai/lingpai/blob/main/docs/runbooks.md";

/** The content of a rule file, for a YAML writer. */
export function ruleFile(naming: Naming): object {
  const series = seriesIn(naming);
  return {
    groups: [
      {
        name: "lingpai-recordings",
        rules: recordings.map(({ name, expression }) => ({
          record: name,
          expr: expression(series),
        })),
      },
      {
        name: "lingpai-alerts",
        rules: alerts.map(({ name, severity, for: holds, expression, summary, description }) => ({
          alert: name,
          expr: expression(series),
          for: holds,
          labels: { severity },
          annotations: { summary, description, runbook_url: `${runbooks}#${name.toLowerCase()}` },
        })),
      },
    ],
  };
}
