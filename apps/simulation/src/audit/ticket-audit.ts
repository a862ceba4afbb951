/**
 * Judges calls for a ticket like business calls: they fail or wait only while a fault excuses them,
 * and a returned ticket is alive.
 */
import type { Auditor } from "./auditor.ts";
import type { AvailabilityAudit } from "./availability-audit.ts";
import type { Finding } from "./document-audit.ts";
import type { FleetNode, Life } from "../fleet/fleet-node.ts";
import { ticketOf, type Tickets } from "../platform/tickets.ts";
import type { World } from "../world/world.ts";

/** A suspended process notices by its wall clock when its next timer fires. */
const wokenWithinMs = 25_000;

export class TicketAudit {
  readonly #world: World;
  readonly #tickets: Tickets;
  readonly #auditor: Auditor;
  readonly #availability: AvailabilityAudit;

  constructor(world: World, tickets: Tickets, auditor: Auditor, availability: AvailabilityAudit) {
    this.#world = world;
    this.#tickets = tickets;
    this.#auditor = auditor;
    this.#availability = availability;
  }

  /** Makes one call for a ticket. */
  async call(node: FleetNode, life: Life): Promise<void> {
    const sinceMs = this.#world.nowMs;
    const caller = ticketOf(node.name);
    try {
      const ticket = await life.ticket?.get();
      if (node.life !== life || ticket === undefined) return;
      this.#availability.answered(caller);
      this.#judge(node, ticket.reveal());
    } catch (error) {
      if (node.life !== life) return;
      // Its token belongs to another environment, and its own setting refuses it.
      if (node.plan.isLaterClaimant && node.plan.onConflict !== "warn" && isConflict(error)) return;
      const why = error instanceof Error ? error.message : String(error);
      this.#world.note(node.name, `a call for a ticket fails: ${why}`);
      this.#found(this.#availability.failedCall(caller, why));
    }
    this.#found(this.#availability.waited(caller, sinceMs));
  }

  #judge({ name }: FleetNode, ticket: string): void {
    const { nowMs } = this.#world;
    if (
      !this.#tickets.isAlive(ticket) &&
      !this.#auditor.exceptions.sleeps.overlap(name, nowMs - wokenWithinMs, nowMs)
    )
      this.#auditor.violated("T1", `${name} got a dead ticket`);
  }

  #found(finding: Finding | undefined): void {
    if (finding !== undefined) this.#auditor.violated(finding.promise, finding.what);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "CREDENTIAL_CONFLICT";
}
