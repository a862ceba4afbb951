/** The content of `/v1/doctor`: the checks of this server's store, run within the fleet. */
import type { Clock } from "@lingpai/core";
import { diagnose } from "@lingpai/doctor";
import type { Diagnosis } from "@lingpai/doctor";
import type { Opened } from "./open.ts";
import { knownFacts } from "../store/known-facts.ts";

export function doctorOf(opened: Opened, clock: Clock): () => Promise<Diagnosis> {
  const { config, isSealed, redis, store } = opened;
  return () =>
    diagnose({
      cache: store.cache,
      lock: store.lock,
      isSealed,
      isInFleet: true,
      prefix: config.current.store.prefix,
      facts: knownFacts(config.current),
      variables: process.env,
      clock,
      ...(redis !== undefined && { redis }),
    });
}
