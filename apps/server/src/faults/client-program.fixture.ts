/** A service as a process of its own: it calls through the servers, and reports how that goes. */
import { remote } from "@lingpai/client";
import { systemClock } from "@lingpai/core";
import { wechat } from "@lingpai/wechat";
import type { ClientPlan, ClientReport } from "./client-process.fixture.ts";
import { workloadOf } from "./workload.fixture.ts";

const { appId, baseUrl, key, urls } = JSON.parse(process.argv[2] ?? "") as ClientPlan;
let asked = 0;
const source = remote({
  urls: urls as [string, ...string[]],
  key,
  waitMs: 60_000,
  fetch: (url, init) => {
    asked += 1;
    return fetch(url, init);
  },
});
const workload = workloadOf(wechat({ appId, source, baseUrl, timeoutMs: 120_000 }));
const report = (): void => {
  const { done, failed } = workload;
  const wallMs = systemClock.wallMs();
  process.send?.({ asked, done, failed, wallMs } satisfies ClientReport);
};
const every = (): void => {
  report();
  systemClock.setTimer(100, every, { background: true });
};
every();
process.once("disconnect", () => process.exit());
process.on("message", (message) => {
  if (message !== "stop") return;
  void workload.stop().then(() => {
    report();
    process.disconnect();
  });
});
