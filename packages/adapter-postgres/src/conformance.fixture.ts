import type { Backend } from "@lingpai/conformance";
import { linkedFacts, serverBackend, serverFacts } from "@lingpai/test-databases";
import { postgres } from "@lingpai/test-servers";
import pg from "pg";
import { postgresCache, postgresLock } from "./index.ts";
import { OldestPool } from "./oldest.fixture.ts";

function onPool(backend: string, Pool: typeof pg.Pool): Backend {
  return serverBackend({
    adapter: "adapter-postgres",
    backend,
    facts: { ...serverFacts, ...linkedFacts },
    start: postgres,
    connect({ url }) {
      const pool = new Pool({ connectionString: url, max: 4 });
      return {
        cache: (options) => postgresCache(pool, options),
        lock: (options) => postgresLock(pool, options),
        close: () => pool.end(),
      };
    },
  });
}

export const backends: readonly Backend[] = [
  onPool("PostgreSQL, pg 8", pg.Pool),
  {
    ...onPool("PostgreSQL, pg 8.0", OldestPool),
    daily: { clauses: ["CACHE-0", "LOCK-0", "WATCH-0"], restBy: "PostgreSQL, pg 8" },
  },
];
