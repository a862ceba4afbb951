import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet } from "../fleet/fleet.fixture.ts";
import type { RefreshStep } from "../fleet/refresh-steps.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(drivers)("over $name, a store whose reply", (driver) => {
  const open = (): Promise<Fleet> =>
    fleet({ address: server, open: (through) => driver.standalone(through) });

  test.each<[string, RefreshStep]>([
    ["ACQUIRE", "acquire"],
    ["INTENT", "write-intent"],
    ["COMMIT", "outcome"],
    ["RELEASE", "release"],
  ])(
    "to %s is lost runs the command once: one fetch, one generation and a free lock",
    async (_name, step) => {
      const { document, fetches, node, platform, settled } = await open();
      const nodes = [await node("one"), await node("two")] as const;
      nodes[0].steps.next(step, () => nodes[0].link.loseReply());
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
});
