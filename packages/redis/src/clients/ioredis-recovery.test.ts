import { Cluster, Redis } from "ioredis";
import { expect, test } from "vitest";
import { ioredisPort } from "./ioredis.ts";

const lazyConnect = true;
const sentinels = [{ host: "127.0.0.1", port: 1 }];

test("a client of a single server, of which nobody takes over, is neither warned of nor looked after", () => {
  const { frozenWarning, recover } = ioredisPort(new Redis({ lazyConnect }));
  expect([frozenWarning, recover]).toEqual([undefined, undefined]);
});

test.each<
  [{ readonly failoverDetector?: boolean; readonly socketTimeout?: number }, RegExp | undefined]
>([
  [{}, /Set failoverDetector: true/],
  [{ failoverDetector: true }, undefined],
  [{ socketTimeout: 1_500 }, undefined],
])(
  "a client through Sentinel with %j is warned if it would stay at a frozen primary",
  (options, warning) => {
    const { frozenWarning = "" } = ioredisPort(
      new Redis({ lazyConnect, sentinels, name: "main", ...options }),
    );
    expect(frozenWarning).toMatch(warning ?? /^$/);
  },
);

test.each<[{ readonly redisOptions?: { readonly socketTimeout: number } }, RegExp | undefined]>([
  [{}, /Set redisOptions: \{ socketTimeout: 1500 \}/],
  [{ redisOptions: { socketTimeout: 1_500 } }, undefined],
])(
  "a client in a Cluster with %j is warned if it would stay at a frozen primary",
  (options, warning) => {
    const { frozenWarning = "" } = ioredisPort(new Cluster(sentinels, { lazyConnect, ...options }));
    expect(frozenWarning).toMatch(warning ?? /^$/);
  },
);
