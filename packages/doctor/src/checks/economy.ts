/** Checks of how much of the platform's quota the fleet uses. */
import type { State } from "@lingpai/core/internal/state";
import type { Check } from "../check.ts";
import type { SeenCredential } from "../sight/credentials.ts";
import { nameOfCredential, overDocuments } from "./over-credentials.ts";

const dayMs = 86_400_000;
const nearlyUsed = 0.8;
/** One refresh per lifetime is normal. More than this means that the fleet refreshes in a loop. */
const perLifeMax = 2;

/**
 * How much of the platform's present day has passed, in ms. Undefined if the ledger is of another
 * day.
 */
function intoDay({ quota }: State, { storeNowMs, facts }: SeenCredential): number | undefined {
  const sinceMs = storeNowMs + facts.dayOffsetMs - quota.day * dayMs;
  return sinceMs >= 0 && sinceMs < dayMs ? sinceMs : undefined;
}

export const quotaNearlyUsed: Check = {
  id: "quota-nearly-used",
  severity: "warning",
  text: {
    en: {
      title: "More than 80 % of the day's fetches are used",
      meaning: "At the limit the platform answers 45009, and no new token comes before midnight.",
      remedy:
        "Find what makes the fleet fetch: see the other findings, and lingpai events. If the account has a larger quota, set quotaPerDay. WeChat can clear the quota ten times a month.",
    },
    "zh-CN": {
      title: "当天的获取次数已用去 80% 以上",
      meaning: "用尽后平台返回 45009，零点之前拿不到新的 token。",
      remedy:
        "找出频繁获取的原因：查看其他结果与 lingpai events。若账号配额更大，设置 quotaPerDay。微信每月可清零十次。",
    },
  },
  look: (sight) =>
    overDocuments(sight, "No quota is used by more than 80 %.", (state, one) => {
      const { quota } = state;
      const { fetchesPerDay: perDay } = one.facts;
      if (intoDay(state, one) === undefined) return "ok";
      if (quota.gone !== undefined && quota.gone.day === quota.day)
        return `${nameOfCredential(one)}: the platform says that no quota is left today.`;
      if (perDay === undefined)
        return { unknown: `The quota of ${nameOfCredential(one)} is not known.` };
      if (quota.used <= perDay * nearlyUsed) return "ok";
      const used = Math.floor((quota.used / perDay) * 100);
      return `${nameOfCredential(one)}: ${quota.used} of ${perDay} fetches today, ${used} %.`;
    }),
};

export const tooManyRefreshes: Check = {
  id: "too-many-refreshes",
  severity: "warning",
  text: {
    en: {
      title: "More than two refreshes per life of a token",
      meaning:
        "One per life is normal. Somebody rejects live tokens, or another system keeps replacing them.",
      remedy:
        "See lingpai events for the reasons. rejected: look for a foreign refresher, or for callers that report codes other than 40001, 40014 and 42001. manual: stop the job that refreshes.",
    },
    "zh-CN": {
      title: "一个 token 的有效期内刷新超过两次",
      meaning: "正常是一次。要么有调用方在拒绝有效的 token，要么有别的系统在不断替换它。",
      remedy:
        "用 lingpai events 查看原因。rejected：查找集群外的刷新者，或上报了 40001、40014、42001 以外错误码的调用方；manual：停掉定时刷新的任务。",
    },
  },
  look: (sight) =>
    overDocuments(sight, "At most two refreshes per life.", (state, one) => {
      const { lifetimeMs } = one.facts;
      const sinceMs = intoDay(state, one);
      const used = state.quota.gone?.used ?? state.quota.used;
      if (sinceMs === undefined) return "ok";
      const { credential } = state;
      const lifeMs = credential ? credential.expiresAtMs - credential.sentAtMs : lifetimeMs;
      if (lifeMs === undefined || lifeMs <= 0)
        return { unknown: `The life of ${nameOfCredential(one)} is not known.` };
      // A stable token comes with its remaining lifetime, which does not show the whole lifetime.
      const lives = sinceMs / Math.max(lifeMs, lifetimeMs ?? 0) + 1;
      if (used <= perLifeMax * lives) return "ok";
      return `${nameOfCredential(one)}: ${used} fetches in ${lives.toFixed(1)} lives today.`;
    }),
};
