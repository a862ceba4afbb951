import { describe, expect, it } from "vitest";
import { stateWith, storedCredential, noonMs } from "./state.fixture.ts";
import {
  isAtRest,
  isDead,
  isHandedOutAgain,
  isLive,
  owedSinceMs,
  unknownFields,
  type State,
} from "./state.ts";

const suspect = { fingerprint: "T1", atMs: noonMs } as const;
const intent = { epoch: 11, operationId: "op", atMs: noonMs };

describe("a document", () => {
  it("is settled if no request is in flight and there is no doubt", () => {
    expect(
      isAtRest(
        stateWith({ inFlightUntilMs: noonMs, suspect: { ...suspect, fingerprint: "T0" } }),
        noonMs,
      ),
    ).toBe(true);
    const troubled: Partial<State>[] = [
      { intent },
      { doubtSinceMs: 5 },
      { inFlightUntilMs: noonMs + 1 },
      { suspect },
    ];
    for (const changes of troubled)
      expect(isAtRest(stateWith(changes), noonMs), JSON.stringify(changes)).toBe(false);
  });

  it("without a credential has none that is live, dead or returned again", () => {
    const { credential: _, ...none } = stateWith({ suspect: { ...suspect, dead: true } });
    expect([isLive(none, noonMs), isDead(none), isHandedOutAgain(none)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([
      isDead(stateWith()),
      isDead(stateWith({ suspect })),
      isDead(stateWith({ suspect: { ...suspect, dead: true } })),
    ]).toEqual([false, false, true]);
  });

  it("knows that the platform returned a refused credential again if it was fetched after the refusal", () => {
    const asked = (sentAtMs: number, mark: State["suspect"] = suspect): boolean =>
      isHandedOutAgain(
        stateWith({ credential: storedCredential("T1", { sentAtMs }), suspect: mark! }),
      );
    expect([asked(noonMs - 1), asked(noonMs), asked(noonMs + 1)]).toEqual([false, true, true]);
    expect(asked(noonMs + 1, { ...suspect, fingerprint: "T0" })).toBe(false);
    expect(isHandedOutAgain(stateWith())).toBe(false);
  });

  it("has had a reconciling refresh due since its doubt or its request without an outcome", () => {
    const credential = storedCredential("T1", { sentAtMs: noonMs - 600_000 });
    expect([owedSinceMs(undefined), owedSinceMs(stateWith())]).toEqual([undefined, undefined]);
    expect(owedSinceMs(stateWith({ doubtSinceMs: noonMs - 5, intent }))).toBe(noonMs - 5);
    expect(owedSinceMs(stateWith({ intent }))).toBe(noonMs);
    expect(owedSinceMs(stateWith({ doubtSinceMs: 7, credential }))).toBe(noonMs - 600_000);
    const { credential: _, ...none } = stateWith({ doubtSinceMs: 7 });
    expect(owedSinceMs(none)).toBe(7);
  });

  it("keeps fields of a later release apart from its own", () => {
    expect(unknownFields(stateWith())).toEqual({});
    expect(unknownFields({ ...stateWith(), later: { a: 1 } } as State)).toEqual({
      later: { a: 1 },
    });
  });
});
