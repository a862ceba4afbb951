/**
 * Draws the delivery of a token request from the kinds that `wechat-simulator --chaos` draws from.
 */
import { chaosKinds, type Fault } from "@lingpai/wechat-simulator";
import type { Chance } from "../world/chance.ts";
import type { RequestDelivery } from "./request-delivery.ts";

type Way = Pick<RequestDelivery, "beforeMs" | "afterMs">;

const subject = {
  endpoint: "/cgi-bin/token",
  method: "GET",
  query: new URLSearchParams(),
  caller: "",
  ordinal: 1,
};
const lifetime = '"expires_in":7200';

export function chaosDelivery(chance: Chance, way: Way): RequestDelivery {
  const kind = chaosKinds[chance.whole(0, chaosKinds.length - 1)]!;
  return deliveryOf(kind.draw(subject, { next: () => chance.between(0, 1) }), way);
}

/** @throws {Error} The fault is of a kind that has no delivery here. */
export function deliveryOf(fault: Fault, way: Way): RequestDelivery {
  const { delayBeforeMs = way.beforeMs, delayAfterMs = way.afterMs } = fault;
  return { beforeMs: delayBeforeMs, afterMs: delayAfterMs, ...fateOf(fault) };
}

function fateOf(fault: Fault): Pick<RequestDelivery, "fate" | "errcode"> {
  const { body, errcode, loseReply, loseRequest, processed, refuseConnect } = fault;
  if (refuseConnect !== undefined) return { fate: "unsent" };
  if (loseRequest === true) return { fate: "html-unprocessed" };
  if (loseReply !== undefined) return { fate: loseReply === "silence" ? "lost" : "reset" };
  if (errcode === -1) return { fate: processed === true ? "busy-processed" : "busy" };
  if (errcode !== undefined) return { fate: "refused", errcode };
  if (typeof body === "function")
    return { fate: body(lifetime) === lifetime ? "answered" : "absurd" };
  if (body === undefined || body === "control-characters") return { fate: "answered" };
  if (["html", "truncated", "empty", "object"].includes(body)) return { fate: "html-processed" };
  throw new Error(`The simulation knows no delivery for ${JSON.stringify(fault)}.`);
}
