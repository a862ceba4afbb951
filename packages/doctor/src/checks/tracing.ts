/** Checks for a tracer that records unsealed tokens with the commands of the store's client. */
import type { Check } from "../check.ts";
import { finding, ok, unknown } from "../check.ts";

/** Options and variables that load a tracer into a Node process. */
const tracers = /dd-trace|opentelemetry|newrelic|elastic-apm|@sentry|appdynamics|skywalking/i;

export const unsealedAndTraced: Check = {
  id: "unsealed-and-traced",
  severity: "critical",
  text: {
    en: {
      title: "A tracer records unsealed tokens",
      meaning: "Everybody who can read the traces can read live tokens.",
      remedy:
        "Seal the store: openssl rand -base64 32, and the same key as seal on every node. Then refresh, so that the recorded token dies.",
    },
    "zh-CN": {
      title: "追踪器记录了未加密的 token",
      meaning: "能看到追踪数据的人，都能看到有效的 token。",
      remedy:
        "加密存储：openssl rand -base64 32，每个节点以同一密钥作为 seal。然后刷新一次，使已被记录的 token 失效。",
    },
  },
  look({ cache, isInFleet, isSealed, variables }) {
    if (isSealed) return ok("The store is sealed.");
    const channels = cache.tracedOn?.() ?? [];
    if (channels.length > 0)
      return finding(`Somebody listens to ${channels.join(", ")}, and the store is not sealed.`);
    const options = variables["NODE_OPTIONS"] ?? "";
    const loaded = tracers.exec(options)?.[0];
    if (loaded !== undefined)
      return finding(`NODE_OPTIONS loads ${loaded}, and the store is not sealed.`);
    return isInFleet
      ? ok("The store is not sealed, and nobody traces this process.")
      : unknown("The store is not sealed. Whether a tracer listens shows only in the nodes.");
  },
};
