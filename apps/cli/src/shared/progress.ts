/** A spinner during a wait, on a terminal only. */
import { systemClock } from "@lingpai/core";
import spinner from "yocto-spinner";

/** After this time a person expects a sign of progress. */
const quietMs = 400;

/** Shows nothing if stderr is no terminal, or the work is done at once. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const shown = spinner({ text, stream: process.stderr });
  const cancel = systemClock.setTimer(quietMs, () => shown.start(), { background: true });
  try {
    return await work;
  } finally {
    cancel();
    shown.clear().stop();
  }
}
