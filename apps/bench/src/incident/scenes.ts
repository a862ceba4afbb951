/** The events of each row, on a platform of its own. The figures come from the platform's log. */
import { delay, systemClock, systemRandom } from "@lingpai/core";
import { createSimulator, type Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Member } from "../fleet.ts";
import type { IncidentContenderName, IncidentOrders } from "./protocol.ts";

export interface Scene {
  readonly name: string;
  readonly nodes: number;
  readonly callersPerNode: number;
  readonly event: "cold" | "killed" | "wrong secret";
}

export interface Outcome {
  readonly fetches: number;
  readonly failed: number;
  readonly ms: number;
}

export interface Deployment {
  readonly contender: IncidentContenderName;
  readonly members: readonly Member<IncidentOrders>[];
  readonly redisUrl: string;
  /** How long fetches are counted if a contender may never stop, in ms. */
  readonly watchMs: number;
}

/** The newest token and the one before are valid. Requests take as long as in practice. */
const overlapMs = 300_000;
const latencyMs = [60, 180] as const;
const secret = "0123456789abcdef0123456789abcdef";
const killer = "another environment";
const callLimitMs = 60_000;

export async function play(scene: Scene, deployment: Deployment): Promise<Outcome> {
  const appId = `wx${Buffer.from(systemRandom.id(), "base64url").toString("hex").slice(0, 16)}`;
  const simulator = createSimulator({ accounts: [{ appId, secret }], overlapMs, latencyMs });
  const server = await listen(simulator);
  try {
    return await playOn(simulator, { appId, platformUrl: server.url }, scene, deployment);
  } finally {
    await server.close();
  }
}

async function playOn(
  simulator: Simulator,
  { appId, platformUrl }: { readonly appId: string; readonly platformUrl: string },
  scene: Scene,
  { contender, members, redisUrl, watchMs }: Deployment,
): Promise<Outcome> {
  const nodes = members.slice(0, scene.nodes);
  await Promise.all(
    nodes.map((node) =>
      node.order("join", { contender, appId, secret, overlapMs, platformUrl, redisUrl }),
    ),
  );
  await arrange(scene, simulator, appId, contender, nodes);

  const afterSeq = simulator.log.seq;
  const startMs = systemClock.monotonicMs();
  const limitMs = scene.event === "wrong secret" ? watchMs : callLimitMs;
  const calls = await Promise.all(
    nodes.map((node) => node.order("call", { callers: scene.callersPerNode, limitMs })),
  );
  const ms = systemClock.monotonicMs() - startMs;
  if (scene.event === "wrong secret") await delay(systemClock, Math.max(0, watchMs - ms));
  const fetches = simulator.log
    .entries({ kind: "issue", afterSeq })
    .filter(({ caller }) => caller !== killer).length;
  if (scene.event !== "wrong secret")
    await Promise.all(nodes.map((node) => node.order("leave", undefined)));
  return { fetches, failed: calls.reduce((sum, { failed }) => sum + failed, 0), ms };
}

async function arrange(
  { event }: Scene,
  simulator: Simulator,
  appId: string,
  contender: IncidentContenderName,
  nodes: readonly Member<IncidentOrders>[],
): Promise<void> {
  if (event === "wrong secret") {
    simulator.faults.always(({ endpoint }) =>
      /\/(stable_)?token$/.test(endpoint) ? { errcode: 40001 } : undefined,
    );
  }
  if (event !== "killed") return;
  for (const node of nodes) {
    const { failure } = await node.order("call", { callers: 1, limitMs: callLimitMs });
    if (failure !== undefined)
      throw new Error(`${contender} fails without any incident: ${failure}`);
  }
  simulator.operator.kill(appId, {
    kind: contender === "lingpai stable" ? "stable" : "plain",
    caller: killer,
  });
}
