import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet } from "../fleet/fleet.fixture.ts";
import type { Moment } from "../fleet/refresh-steps.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(drivers)(
  "over $name, a store that executes a command and whose answer is lost",
  (driver) => {
    const open = (): Promise<Fleet> =>
      fleet({ address: server, open: (through) => driver.standalone(through) });

    test.each<[string, Moment]>([
      ["ACQUIRE", "acquire"],
      ["INTENT", "announce"],
      ["COMMIT", "outcome"],
      ["RELEASE", "release"],
    ])(
      "to %s counts it once: one fetch, one of the quota, one generation, and the lock is free",
      async (_name, moment) => {
        const { document, fetches, node, platform, settled } = await open();
        const nodes = [await node("one"), await node("two")] as const;
        nodes[0].moments.next(moment, () => nodes[0].link.loseReply());
        await nodes[0].token();
        await nodes[1].token();
        await settled(nodes);
        expect(fetches()).toBe(1);
        expect(await document()).toMatchObject({
          quota: { used: 1 },
          credential: { generation: 1 },
        });
        expect((await document())?.intent).toBeUndefined();
        await nodes[1].credential.refresh();
        await settled(nodes);
        expect(fetches()).toBe(2);
        expect((await document())?.quota.used).toBe(2);
        await expectAccepted(platform, nodes);
      },
    );
  },
);
