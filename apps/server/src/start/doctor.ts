/** What `/v1/doctor` answers: the checks of this server's store, from within the fleet. */
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
      isSealed,
      isInFleet: true,
      prefix: config.current.store.prefix,
      facts: knownFacts(config.current),
      variables: process.env,
      clock,
      ...(redis !== undefined && { redis }),
    });
}
