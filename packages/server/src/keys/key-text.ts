/** The text of a server key, `lp_<id>_<random>`, and its hash. */
import { hash as digest, timingSafeEqual } from "node:crypto";
import { randomNonce } from "@lingpai/core";

export interface KeyText {
  readonly id: string;
  readonly text: string;
}

const pattern = /^lp_([a-z0-9]{10})_[A-Za-z0-9_-]{43}$/;

/** Makes a random key. It has 256 random bits, so a plain hash protects it at rest. */
export function drawKey(): KeyText {
  const id = Buffer.from(randomNonce(5)).toString("hex");
  return { id, text: `lp_${id}_${Buffer.from(randomNonce(32)).toString("base64url")}` };
}

/** Returns the id of the key. Undefined if the text has another form. */
export function keyIdOf(text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

export function hashOf(text: string): string {
  return digest("sha256", `lingpai/server-key\0${text}`, "base64url");
}

/** Compares in constant time. */
export function isHashOf(text: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(text)), Buffer.from(hash.padEnd(43).slice(0, 43)));
}
