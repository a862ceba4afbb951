/**
 * The rooms of each package and the order in which they may import each other, types included.
 *
 * A row may import from the rows above it and from its own room, never from a row below or from
 * another room of its row. A name that ends in `.ts` is a file of `src`, any other a folder of it.
 * A file or folder that no row names is above all of them: it may import anything, and is imported
 * by nothing but its like.
 */
export const rooms: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "adapter-keyv": [
    ["store"],
    ["cas", "memory", "redis", "sql"],
    ["etcd", "memcached"],
    ["keyv"],
    ["index.ts"],
  ],
  core: [
    ["errors.ts", "random.ts", "secret.ts"],
    ["options.ts"],
    ["time", "issuer.ts"],
    ["driver", "parameters.ts"],
    ["events", "cache"],
    ["sealing"],
    ["state"],
    ["lock"],
    ["lease"],
    ["store.ts"],
    ["credential.ts"],
    ["fleet"],
    ["leader"],
    ["refresh"],
    ["manager"],
    ["index.ts"],
    ["testing"],
  ],
  config: [
    ["problem.ts", "setting.ts", "text"],
    ["schema", "source.ts"],
    ["layers.ts", "sources"],
    ["define-config.ts", "config.ts"],
    ["checks"],
    ["live"],
    ["app-options.ts"],
    ["index.ts"],
  ],
  conformance: [
    ["facts.ts"],
    ["backend.ts"],
    ["clause.ts"],
    ["trial"],
    ["clauses"],
    ["runner"],
    ["index.ts", "node-test.ts", "vitest.ts"],
    ["mutants"],
    ["report"],
  ],
  interop: [
    ["conventions", "store"],
    ["require.ts"],
    ["clients", "mirror"],
    ["adopt.ts", "wxjava-lock.ts"],
    ["index.ts"],
  ],
  redis: [
    ["errors.ts", "layout.ts", "limit.ts", "scripts.ts", "tracing.ts"],
    ["subscriptions.ts"],
    ["port.ts"],
    ["store.ts"],
    ["driver.ts"],
    ["clients", "probe.ts"],
    ["index.ts"],
  ],
  sql: [
    ["drivers.ts"],
    ["connection"],
    ["statements"],
    ["mysql", "postgres", "sqlite"],
    ["index.ts"],
  ],
  "test-redis": [["backends"], ["promises"], ["index.ts"]],
  simulation: [
    ["world"],
    ["store", "platform"],
    ["fleet"],
    ["audit"],
    ["faults"],
    ["scenario"],
    ["cluster", "options.ts"],
    ["worker-pool.ts"],
    ["worker.ts", "report.ts"],
    ["explore"],
    ["simulate.ts", "explore.ts"],
  ],
};
