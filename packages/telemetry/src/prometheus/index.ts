/**
 * Prometheus's recording and alert rules and a Grafana dashboard, generated from one table, for
 * both ways in which the metrics reach Prometheus.
 *
 * @packageDocumentation
 */
export { alerts, type Alert } from "./alerts.ts";
export { grafanaDashboard } from "./grafana-dashboard.ts";
export { type Naming } from "./metric-names.ts";
export { ruleFile } from "./rule-files.ts";
