/** For tests: two servers as processes over one store, and services that use both. */
import { remote } from "@lingpai/client";
import { until } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import { appId } from "../server-world.fixture.ts";
import type { AppWorld, ServerProcess } from "../server-world.fixture.ts";
import { clientProcess } from "./client-process.fixture.ts";
import type { ClientProcess } from "./client-process.fixture.ts";
import { callers, workloadOf } from "./workload.fixture.ts";
import type { Workload } from "./workload.fixture.ts";

const LINGPAI_SEAL = Buffer.alloc(32, 5).toString("base64");

export interface FaultFleet {
  readonly servers: readonly [ServerProcess, ServerProcess];
  readonly urls: readonly [string, string];
  /** May do everything. */
  readonly key: string;
  /** A service in this process. */
  workload(): Workload;
  /** A service in a process of its own. */
  clientProcess(shiftMs: number): ClientProcess;
  /** Somebody outside the fleet fetches: the present token is dead. */
  steal(): void;
  /** Somebody steals, and resolves when a server's fetch, which takes a second, is under way. */
  stealAndFetch(): Promise<void>;
}

export async function faultFleet(world: AppWorld, storeUrl: string): Promise<FaultFleet> {
  const env = { LINGPAI_STORE_URL: storeUrl, LINGPAI_SEAL };
  const servers = [world.run(["--first-key"], env), world.run(["--first-key"], env)] as const;
  const [first = "", second = ""] = await Promise.all(
    servers.map((each) => each.prints(/Serving at (http\S+)/)),
  );
  const urls = [first, second] as const;
  // One of the two made it.
  const [, key = ""] = /(lp_\S{54})/.exec(servers.map((each) => each.printed()).join("\n")) ?? [];
  const { LINGPAI_APPS_MAIN_BASE_URL: baseUrl = "" } = world.env;
  const steal = (): void => void world.simulator.operator.kill(appId, { kind: "stable" });
  return {
    servers,
    urls,
    key,
    workload() {
      const source = remote({ urls: [...urls], key, waitMs: 60_000 });
      return workloadOf(wechat({ appId, source, baseUrl, timeoutMs: 120_000 }));
    },
    clientProcess: (shiftMs) => clientProcess({ urls, key, appId, baseUrl }, shiftMs),
    steal,
    async stealAndFetch() {
      const { faults } = world.simulator;
      faults.next({ delayAfterMs: 1_000 }, { endpoint: "/cgi-bin/stable_token" });
      steal();
      await until("a fetch is under way", async () => faults.pending === 0);
    },
  };
}

/** Every caller has made calls with whatever is the token now. */
export async function goesOn(...workloads: readonly Workload[]): Promise<void> {
  const from = workloads.map(({ done }) => done);
  await until("calls go on", async () =>
    workloads.every(({ done }, at) => done > from[at]! + 3 * callers),
  );
}

/** Stops the services. Resolves to the calls that failed, and those with a token after its end. */
export async function lossOf(
  { simulator }: AppWorld,
  ...workloads: readonly Workload[]
): Promise<readonly unknown[]> {
  await Promise.all(workloads.map((each) => each.stop()));
  const failed = workloads.flatMap((each) => (each.done === 0 ? ["no call"] : each.failed));
  const expired = simulator.log.calls({ appId }).filter(({ reason }) => reason === "expired");
  return [...failed, ...expired];
}
