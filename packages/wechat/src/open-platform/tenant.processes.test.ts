/**
 * Real processes over one SQLite file, each killed with SIGKILL somewhere in a tenant's refresh:
 * shortly after its request arrived at the platform, which is before or after it is processed,
 * before or after its answer is stored. The platform's log is the judge.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { delay, systemClock } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { describe, expect, test } from "vitest";
import {
  componentAppId,
  encodingAesKey,
  endpoint,
  messageToken,
  secret,
  tenantAppId,
} from "./platform-world.fixture.ts";
import type { Order, Report, WorkerSettings } from "./tenant-worker.fixture.ts";

const rounds = 8;
/**
 * From the arrival of a request to the kill: the platform takes 20 ms to process it, and its answer
 * 20 ms to travel.
 */
const stepMs = 7;

interface Worker {
  readonly child: ChildProcess;
  tell(order: Order): Promise<string>;
  kill(): Promise<void>;
}

function worker(settings: WorkerSettings): Worker {
  const child = fork(
    fileURLToPath(new URL("tenant-worker.fixture.ts", import.meta.url)),
    [JSON.stringify(settings)],
    {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  return {
    child,
    async tell(order) {
      const reported = once(child, "message") as Promise<[Report]>;
      const died = once(child, "exit").then(
        ([code]) =>
          [{ type: order.type, outcome: `the worker ended by itself with ${code}` }] as const,
      );
      child.send(order);
      const [report] = await Promise.race([reported, died]);
      return report.outcome;
    },
    async kill() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Resolves when a request for this tenant's token arrives at the platform. */
function nextArrival(simulator: Simulator): Promise<void> {
  return new Promise((resolve) => {
    simulator.faults.always((subject) => {
      if (subject.endpoint === endpoint("api_authorizer_token")) resolve();
      return undefined;
    });
  });
}

describe("a tenant whose refresh tokens work once", () => {
  test.each([0, 300_000])(
    "is never lost, however its processes die, with a grace of %d ms",
    { timeout: 240_000 },
    async (refreshGraceMs) => {
      const directory = await mkdtemp(join(tmpdir(), "lingpai-tenant-"));
      const components = [
        {
          appId: componentAppId,
          secret,
          token: messageToken,
          encodingAesKey,
          rotateRefreshToken: "always",
          refreshGraceMs,
        } as const,
      ];
      const simulator = createSimulator({
        random: seededRandom(2),
        components,
        latencyMs: 40,
        lifetimeMs: 2_000,
      });
      await using server = await listen(simulator);
      const settings = {
        sqliteFile: join(directory, "store.sqlite"),
        baseUrl: server.url,
        refreshGraceMs,
      };
      let present = worker(settings);
      try {
        expect(
          await present.tell({
            type: "push",
            ...simulator.openPlatform.pushTicket(componentAppId),
          }),
        ).toBe("ok");
        const { code } = simulator.openPlatform.authorize(componentAppId, tenantAppId);
        expect(await present.tell({ type: "authorise", code })).toBe("ok");
        for (let round = 0; round < rounds; round += 1) {
          const arrival = nextArrival(simulator);
          expect(await present.tell({ type: "use" })).toBe("ok");
          await arrival;
          await delay(systemClock, round * stepMs);
          await present.kill();
          present = worker(settings);
        }
        expect(await present.tell({ type: "call" })).toBe("ok");
        const requests = simulator.log.fetches(tenantAppId, endpoint("api_authorizer_token"));
        expect(requests.length).toBeGreaterThanOrEqual(rounds);
        // A refresh token that was spent, and whose grace was over, would have been refused with
        // 61023.
        expect(requests.filter(({ code: errcode }) => errcode === 61023)).toEqual([]);
        if (refreshGraceMs === 0)
          expect(
            simulator.log.entries({ endpoint: endpoint("api_get_authorizer_info"), ok: true })
              .length,
          ).toBeGreaterThan(0);
      } finally {
        await present.kill();
        await rm(directory, { recursive: true });
      }
    },
  );
});
