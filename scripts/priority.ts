/**
 * Runs in each worker before its test file: one that computes gets the time that the others leave.
 * Those mostly wait for leases and deadlines, and need a processor at once when a wait ends.
 */
import { setPriority } from "node:os";
import { expect } from "vitest";
import { isComputing } from "./sequencer.ts";

/** A third of the usual share of a processor that several processes want, and all of an idle one. */
const niceness = 5;

// The worker runs no other file after this one, and the processes that it starts inherit this.
// oxlint-disable-next-line vitest/no-standalone-expect -- asserts nothing; it knows the file's path
if (isComputing(expect.getState().testPath ?? "")) setPriority(niceness);
