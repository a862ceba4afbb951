import { Cluster, Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { clientRecovery } from "./ioredis-recovery.ts";
import type { IoredisClient, IoredisSubscriber } from "./ioredis-shape.ts";
import { ioredisPort } from "./ioredis.ts";

const lazyConnect = true;
const sentinels = [{ host: "127.0.0.1", port: 1 }];

test("a client of a single server without a failover is neither warned about nor redirected", () => {
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
  "a client through Sentinel with %j causes a warning if it would stay at a frozen primary",
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
  "a client in a Cluster with %j causes a warning if it would stay at a frozen primary",
  (options, warning) => {
    const { frozenWarning = "" } = ioredisPort(new Cluster(sentinels, { lazyConnect, ...options }));
    expect(frozenWarning).toMatch(warning ?? /^$/);
  },
);

const at = (port: number): object => ({ stream: { remoteAddress: "127.0.0.1", remotePort: port } });

test.each([
  [1, "stays where the Sentinels lead", []],
  [2, "reconnects when the Sentinels lead to another server", [true]],
])(
  "a client through Sentinel whose server is silent, %#: it %s",
  async (port, _does, reconnects) => {
    const asked: unknown[] = [];
    const client = {
      options: { sentinels },
      disconnect: (again: boolean) => void asked.push(again),
    };
    const fresh = { ...at(port), connect: async () => {}, disconnect() {} };
    // It has only the members that recovery uses.
    const given = Object.assign(client, at(1)) as unknown as IoredisClient;
    // It has only the members that recovery uses.
    const { recover } = clientRecovery(given, () => fresh as unknown as IoredisSubscriber);
    await recover?.("");
    expect(asked).toEqual(reconnects);
  },
);

test("a client in a Cluster whose server is silent requests the map of slots", async () => {
  let asked = 0;
  const cluster = new Cluster(sentinels, { lazyConnect });
  cluster.refreshSlotsCache = (done) => {
    asked += 1;
    done?.();
  };
  await ioredisPort(cluster).recover?.("");
  expect(asked).toBe(1);
});

test("a subscription over a refused connection fails with that cause", async () => {
  const client = new Redis({ host: "127.0.0.1", port: 1, lazyConnect });
  onTestFinished(() => client.disconnect());
  const opening = ioredisPort(client).openSubscriber?.(
    { message() {}, lost() {} },
    new AbortController().signal,
  );
  await expect(opening).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
