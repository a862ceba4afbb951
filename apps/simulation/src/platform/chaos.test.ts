import { chaosKinds } from "@lingpai/wechat-simulator";
import { seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { Chance } from "../world/chance.ts";
import { chaosDelivery, deliveryOf } from "./chaos.ts";

const way = { beforeMs: 1, afterMs: 2 };
const subject = {
  endpoint: "/cgi-bin/token",
  method: "GET",
  query: new URLSearchParams(),
  caller: "",
  ordinal: 1,
};

test("every kind of the simulator's chaos maps to a delivery", () => {
  const fates = chaosKinds.map(({ name, draw }) => {
    const { fate, errcode } = deliveryOf(draw(subject, { next: () => 0.5 }), way);
    return [name, errcode === undefined ? fate : `${fate} ${errcode}`];
  });
  expect(Object.fromEntries(fates)).toEqual({
    "request lost": "html-unprocessed",
    "answer lost": "reset",
    "no answer": "lost",
    "proxy asks for a login": "unsent",
    "proxy finds no way": "unsent",
    "late request": "answered",
    "late answer": "answered",
    "gateway error": "html-processed",
    page: "html-processed",
    "half an answer": "html-processed",
    "empty answer": "html-processed",
    "empty object": "html-processed",
    "control characters": "answered",
    "odd lifetime": "absurd",
    "no refresh token": "answered",
    busy: "busy",
    "busy, and processed": "busy-processed",
    "too often": "refused 45011",
    "unlisted code": "refused 50000",
  });
});

test("a late request is delayed, and every kind is drawn", () => {
  expect(deliveryOf({ delayBeforeMs: 5_000 }, way)).toEqual({
    beforeMs: 5_000,
    afterMs: 2,
    fate: "answered",
  });
  const chance = new Chance(seededRandom(1));
  const drawn = new Set(Array.from({ length: 500 }, () => chaosDelivery(chance, way).fate));
  expect(drawn.size).toBe(10);
});

test("a kind of fault without a delivery is an error", () => {
  expect(() => deliveryOf({ body: "drip" }, way)).toThrow(/knows no delivery/);
});
