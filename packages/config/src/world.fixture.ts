/**
 * Shared by the tests of configurations: a source whose settings the test decides, and a
 * configuration in virtual time.
 */
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import type { ConfigInput } from "./define-config.ts";
import type { ConfigEvent } from "./live/events.ts";
import type { ConfigOptions } from "./live/config-options.ts";
import type { Setting } from "./setting.ts";
import type { ConfigSource, Scope } from "./source.ts";
import { settingsOf } from "./sources/object.ts";

export const appId = "wx0123456789abcdef";
export const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
export const sealingKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
export const minimal: ConfigInput = { apps: { main: { appId, secret } } };

export interface ScriptedSource extends ConfigSource {
  /** Makes the source return these settings, or throw this error, from now on. */
  holds(next: object | Error): void;
  /** Reports a change, if it is watched. */
  tell(): void;
  readonly loads: number;
  readonly isWatched: boolean;
}

export function scripted(
  name: string,
  first: object | Error,
  scope: Scope = "all",
): ScriptedSource {
  let present = first;
  let loads = 0;
  let notify: (() => void) | undefined;
  return {
    name,
    scope,
    get loads() {
      return loads;
    },
    get isWatched() {
      return notify !== undefined;
    },
    holds(next) {
      present = next;
    },
    tell() {
      notify?.();
    },
    async load(): Promise<readonly Setting[]> {
      loads += 1;
      if (present instanceof Error) throw present;
      return settingsOf(present, (path) => `${name} ${path}`);
    },
    async watch({ signal, changed }) {
      notify = changed;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      notify = undefined;
    },
  };
}

export interface World {
  readonly clock: ManualClock;
  readonly events: ConfigEvent[];
  readonly options: ConfigOptions;
}

export function world(...sources: readonly ConfigSource[]): World {
  const clock = manualClock();
  const events: ConfigEvent[] = [];
  const options = {
    sources,
    environment: "prod",
    clock,
    random: seededRandom(1),
    onEvent: (event: ConfigEvent) => void events.push(event),
  };
  return { clock, events, options };
}

/** The message of a thrown value. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "nothing was refused";
}
