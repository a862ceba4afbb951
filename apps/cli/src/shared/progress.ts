/** A spinner during a wait, on a terminal only. */
import { systemClock } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import spinner from "yocto-spinner";

/** After this time a person expects a sign of progress. */
const quietMs = 400;

/** Where it is shown, and by which clock. Default: stderr, the system's. */
interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream;
  readonly clock?: Clock;
}

/** Shows nothing where the stream is no terminal, or the work is done at once. */
export async function withProgress<T>(
  text: string,
  work: Promise<T>,
  { clock = systemClock, stream = process.stderr }: ProgressOptions = {},
): Promise<T> {
  if (!stream.isTTY) return work;
  const shown = spinner({ text, stream });
  const cancel = clock.setTimer(quietMs, () => shown.start(), { background: true });
  try {
    return await work;
  } finally {
    cancel();
    shown.clear().stop();
  }
}
