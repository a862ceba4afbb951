import { describe, expect, it } from "vitest";
import { contextFrom, fingerprintIn, type Context } from "../fleet/context.ts";
import type { Issuer } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { manualClock, scriptedIssuer, simulatedStore, seededRandom } from "../testing/index.ts";
import { ask, askForInput } from "./issuer-call.ts";

function contextOf(change: Partial<Issuer>): Context {
  const clock = manualClock();
  const store = simulatedStore({ clock, random: seededRandom("store") });
  return contextFrom({
    issuer: { ...scriptedIssuer({ clock }), ...change },
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    clock,
  });
}

const request = { reason: "cold", forced: false, current: undefined, parent: undefined } as const;

/** A Secret of another copy of this package, which has a class of its own. */
const foreignSecret = { fingerprint: "elsewhere", reveal: () => "TOKEN" } as Secret;

describe("an issuer's answer", () => {
  it.each([
    ["a text", "TOKEN"],
    ["a Secret", new Secret("TOKEN", "elsewhere")],
    ["a Secret of another copy of core", foreignSecret],
  ])("with %s becomes a Secret with the credential's own fingerprint", async (_name, secret) => {
    const issue = async () => ({ secret, nextInput: secret, expiresInMs: 7_200_000 });
    const context = contextOf({ issue });
    const answer = await ask(context, request);
    const fingerprint = fingerprintIn(context, "TOKEN");
    for (const each of [answer.secret, answer.nextInput]) {
      expect(each).toBeInstanceOf(Secret);
      expect(each).toMatchObject({ fingerprint });
      expect(each?.reveal()).toBe("TOKEN");
    }
    expect(JSON.stringify(answer)).not.toContain("TOKEN");
  });

  it.each(["INPUT", new Secret("INPUT", "elsewhere")])(
    "that recovers an input may contain it as a text or as a Secret: %s",
    async (input) => {
      const context = contextOf({ recover: async () => input });
      const recovered = await askForInput(context, { parent: undefined });
      expect(recovered.reveal()).toBe("INPUT");
      expect(recovered.fingerprint).toBe(fingerprintIn(context, "INPUT"));
    },
  );

  it.each<object>([{}, { reveal: () => 1 }, { reveal: "TOKEN" }])(
    "with an object that is not a Secret is an unknown outcome: %j",
    async (secret) => {
      const issue = async () => ({ secret: secret as Secret, expiresInMs: 7_200_000 });
      await expect(ask(contextOf({ issue }), request)).rejects.toMatchObject({
        outcome: "unknown",
      });
    },
  );
});
