import { describe, expect, it } from "vitest";
import { answering, fleet, within } from "./fleet.fixture.ts";

describe("a secret", () => {
  it.each([4_096, 16_384])(
    "of %d characters is stored and handed out unchanged",
    async (length) => {
      const { clock, node, platform } = fleet();
      const secret = "j".repeat(length);
      const issuer = answering(platform, (issued) => ({ ...issued, secret }));
      const [one, two] = [node({ issuer }), node({ issuer })];
      expect((await within(clock, 2_000, one.get())).reveal()).toBe(secret);
      expect((await within(clock, 2_000, two.get())).reveal()).toBe(secret);
      expect(platform.issues).toHaveLength(1);
    },
  );

  it.each(["secret", "nextInput"] as const)(
    "of more characters gives one final error after one fetch: %s",
    async (field) => {
      const { clock, node, platform } = fleet(
        field === "nextInput" ? { policy: { kind: "rotate", overlapMs: 300_000 } } : {},
      );
      const issuer = answering(platform, (issued) => ({ ...issued, [field]: "j".repeat(16_385) }));
      const one = node({ issuer });
      if (field === "nextInput")
        await within(clock, 2_000, one.seed({ secret: "S", nextInput: "R", expiresInMs: 60_000 }));
      await clock.advance(field === "nextInput" ? 70_000 : 0);
      const before = platform.issues.length;
      for (let calls = 0; calls < 3; calls += 1) {
        await expect(within(clock, 1_000, one.get())).rejects.toMatchObject({
          code: "CREDENTIAL_UNAVAILABLE",
          cause: {
            outcome: "fatal",
            message: expect.stringContaining("16385 characters; up to 16384 are kept"),
          },
        });
      }
      expect(platform.issues.length - before).toBeLessThanOrEqual(1);
    },
  );
});
