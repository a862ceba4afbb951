/**
 * The searches over claims: every pair of settings in both modes, and the faults that may occur.
 */
import type { OnConflict } from "@lingpai/core";
import { tickMs, type ClaimBounds } from "./model.ts";

const noFaults = {
  processes: [0, 1],
  announcedMs: tickMs / 6,
  livesMs: tickMs / 6,
  ticks: 2,
  fetches: 2,
  restarts: 0,
  releases: 0,
  losses: 0,
  spoils: 0,
} as const;

const plain: readonly OnConflict[] = ["error", "warn", "consume"];
const stable: readonly OnConflict[] = [...plain, "coexist"];

function pairsOf(settings: readonly OnConflict[]): (readonly [OnConflict, OnConflict])[] {
  return settings.flatMap((first) => settings.map((second) => [first, second] as const));
}

/** Two environments whose tokens live for 2 h, under each pair of settings. */
const pairs: readonly ClaimBounds[] = [true, false].flatMap((isPlain) =>
  pairsOf(isPlain ? plain : stable).map((onConflict) => ({
    ...noFaults,
    name: `${isPlain ? "plain" : "stable"}, ${onConflict.join(" and ")}: a restart`,
    isPlain,
    onConflict,
    restarts: 1,
  })),
);

const refuses = { ...noFaults, isPlain: true, onConflict: ["error", "error"] } as const;

/**
 * Tokens that outlive an unrenewed claim, with an issuer that states this and with one that does
 * not.
 */
export const longLives: readonly ClaimBounds[] = [7 * tickMs, tickMs / 6].map((announcedMs) => ({
  ...refuses,
  name: `a token that lives for ${announcedMs > tickMs ? "an announced" : "an unannounced"} 3.5 days`,
  announcedMs,
  livesMs: 7 * tickMs,
  ticks: 7,
  fetches: 1,
}));

export const lossOf = (onConflict: ClaimBounds["onConflict"]): ClaimBounds => ({
  ...refuses,
  onConflict,
  name: `${onConflict.join(" and ")}: the registry is lost while a token lives for a day`,
  announcedMs: 2 * tickMs,
  livesMs: 2 * tickMs,
  processes: [0, 0, 1],
  losses: 1,
  ticks: 1,
});

export const spoilt: ClaimBounds = {
  ...refuses,
  name: "a malformed claim or no registry at all, a restart",
  spoils: 1,
  restarts: 1,
  ticks: 1,
};

export const releases: ClaimBounds = {
  ...refuses,
  name: "an operator releases the claim of an environment that is gone and returns",
  announcedMs: 2 * tickMs,
  livesMs: 2 * tickMs,
  releases: 1,
  restarts: 2,
  ticks: 1,
};

export const warns: ClaimBounds = {
  ...refuses,
  name: "plain, warn and error",
  onConflict: ["warn", "error"],
};

export const claimBounds: readonly ClaimBounds[] = [
  ...pairs,
  ...longLives,
  lossOf(["error", "error"]),
  lossOf(["error", "warn"]),
  lossOf(["consume", "warn"]),
  spoilt,
  releases,
  { ...releases, name: `${releases.name}, and consumes`, onConflict: ["consume", "consume"] },
];
