/** The end of a run that has printed its report. */
import { systemClock } from "@lingpai/core";

const graceMs = 2_000;

/**
 * Ends the process with its exit code after 2 s if something keeps it alive: a clause that did not
 * end in time, or a driver that reconnects forever. Prints what it was.
 */
export function endThough(): void {
  const end = (): void => {
    const held = [...new Set(process.getActiveResourcesInfo())].join(", ");
    console.error(`Something is still open (${held}). The report is complete, so this ends here.`);
    process.exit();
  };
  systemClock.setTimer(graceMs, end, { background: true });
}
