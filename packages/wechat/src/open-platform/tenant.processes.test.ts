/**
 * Real processes over one SQLite file. Each is killed with SIGKILL during a tenant's refresh,
 * shortly after its request arrived at the platform: before or after the request is processed, and
 * before or after its answer is stored. The platform's log decides.
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
 * The time from the arrival of a request to the kill. The platform takes 20 ms to process a
 * request, and the answer 20 ms to travel.
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

describe("a tenant with single-use refresh tokens", () => {
  test.each([0, 300_000])(
    "is never lost, wherever its processes die, with a grace period of %d ms",
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
        // The platform would have refused a replaced refresh token after its grace period with
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
