/** One try for a lock, which handles lost and late answers. */
import { isRefusal } from "../driver/driver-error.ts";
import { hasCode } from "../errors.ts";
import { HeldLease } from "./held-lease.ts";
import type { Acquisition, LeaseRequest } from "./lease-request.ts";
import { lossOf, momentOf, termOf } from "./lease-term.ts";
import type { Busy, Granted } from "../lock/lock.ts";
import { start, storeDeadline, waitFor } from "../time/wait.ts";

/**
 * Requests a lease under an owner drawn now. After a lost answer it asks once more with the same
 * owner, so that both requests have the effect of one. The lease counts from before the first. A
 * grant that comes after the end of its term is released and reported as busy.
 */
export async function tryRequest(request: LeaseRequest): Promise<HeldLease | Busy> {
  const acquisition: Acquisition = { ...request, owner: request.random.id() };
  const sentAt = momentOf(acquisition.clock);
  const answer = await ask(acquisition);
  if (!answer.acquired) return answer;
  const term = termOf(sentAt, acquisition.ttlMs);
  if (lossOf(term, momentOf(acquisition.clock)) === undefined)
    return new HeldLease(acquisition, answer, term);
  giveBack(acquisition);
  return { acquired: false, remainingMs: 0 };
}

async function ask(acquisition: Acquisition): Promise<Granted | Busy> {
  const deadline = storeDeadline(acquisition.clock, acquisition.storeDeadlineMs);
  const first = send(acquisition);
  try {
    return await waitFor(first, { deadline });
  } catch (error) {
    if (!isOutcomeUnknown(error)) throw error;
  }
  const second = send(acquisition);
  try {
    const answer = await waitFor(second, { deadline });
    if (!answer.acquired) giveBack(acquisition, first);
    return answer;
  } catch (error) {
    giveBack(acquisition, first, second);
    throw error;
  }
}

async function send({ lock, name, owner, ttlMs }: Acquisition): Promise<Granted | Busy> {
  return lock.tryAcquire(name, owner, ttlMs);
}

/**
 * Releases now, and again for each of these requests that is granted after all. A lock made by
 * {@link createLock} does the same for late grants. Nobody waits for the release, and it can only
 * end this owner's lease. If it fails, the store ends the lease after its ttl.
 */
function giveBack(
  { lock, name, owner }: Acquisition,
  ...requests: Promise<Granted | Busy>[]
): void {
  const release = (): void => void start(() => lock.release(name, owner)).catch(() => {});
  release();
  for (const request of requests) {
    request.then(
      ({ acquired }) => acquired && release(),
      () => {},
    );
  }
}

function isOutcomeUnknown(error: unknown): boolean {
  return hasCode(error, "CACHE_UNAVAILABLE") && !isRefusal(error);
}
