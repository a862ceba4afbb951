/**
 * Judges a run by the promises. The auditor sees the whole simulation. The nodes do not see the
 * auditor.
 */
import type { CredentialEvent } from "@lingpai/core";
import type { AvailabilityAudit } from "./availability-audit.ts";
import { ClaimAudit } from "./claim-audit.ts";
import {
  SafetyExceptions,
  isKilledUnnoticed,
  leaseMs,
  type AuditContext,
} from "./safety-exceptions.ts";
import type { DocumentAudit, Finding } from "./document-audit.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import type { FetchAudit } from "./fetch-audit.ts";
import type { FleetNode, Life } from "../fleet/fleet-node.ts";
import { NeedAudit } from "./need-audit.ts";
import { heardWithinMs } from "./reset-audit.ts";
import type { Primary } from "../store/primary.ts";
import type { Executed } from "../store/store-link.ts";
import { nodeNameOf } from "../world/process.ts";
import type { Metrics } from "./metrics.ts";
import type { Fetch } from "../platform/wechat.ts";

export interface Violation {
  readonly promise: string;
  readonly what: string;
  /** The events that led to the violation, one a line. */
  readonly trace: string;
}

/**
 * The step at which a call failed: `get`; `reject`; the call with the replacement; or `probed`,
 * when the platform says that the refused token works.
 */
export type FailedStep = "get" | "reject" | "replay" | "probed";

export interface EnvironmentAudits {
  readonly documents: DocumentAudit;
  readonly fetches: FetchAudit;
}

export interface Audits {
  /** Each environment has its own documents and its own fetches. */
  readonly of: (environment: string) => EnvironmentAudits;
  readonly availability: AvailabilityAudit;
  readonly faults: FaultLedger;
}

const traceLines = 40;
const violationsMax = 5;
/** The credential's longest timer, one store deadline, and a margin. */
const noticedWithinMs = 25_000;
const skewMarginMs = 30_000;

export class Auditor {
  readonly violations: Violation[] = [];
  /** Records which fault hit which node, because some promises have conditions. */
  readonly exceptions: SafetyExceptions;
  readonly #scene: AuditContext;
  readonly #of: Audits["of"];
  readonly #availability: AvailabilityAudit;
  readonly #faults: FaultLedger;
  readonly #needs: NeedAudit;
  readonly claims: ClaimAudit;

  constructor(scene: AuditContext, { of, availability, faults }: Audits) {
    this.#scene = scene;
    this.#of = of;
    this.#availability = availability;
    this.#faults = faults;
    this.exceptions = new SafetyExceptions(scene.world);
    this.claims = new ClaimAudit(() => scene.world.nowMs);
    this.#needs = new NeedAudit(scene, this.exceptions, faults);
  }

  get metrics(): Metrics {
    return this.#scene.metrics;
  }

  violated(promise: string, what: string): void {
    const { world } = this.#scene;
    world.note("AUDITOR", `promise ${promise}: ${what}`);
    if (this.violations.length < violationsMax)
      this.violations.push({ promise, what, trace: world.trace.newest(traceLines) });
  }

  /** `get` or `reject` returned this credential. */
  served(node: FleetNode, life: Life, token: string): void {
    const { wechat, world } = this.#scene;
    const wasRefused = life.rejected.has(token) && !wechat.isAlive(token);
    this.#requireRemembered(node, token);
    if (life.served.at(-1) === token) {
      if (wasRefused)
        this.violated("3", `${node.name} got a token that it had reported as refused`);
      return;
    }
    world.note(node.name, `uses ${wechat.idOf(token) ?? "an unknown token"}`);
    if (life.served.includes(token))
      this.violated(
        "I5",
        `${node.name} returned to ${wechat.idOf(token)}, which it had seen replaced`,
      );
    if (wasRefused)
      this.violated(
        "3",
        `${node.name} got ${wechat.idOf(token)}, which it had reported as refused`,
      );
    life.served.push(token);
  }

  /** F13: no node uses a token that an operator has reset. */
  #requireRemembered(node: FleetNode, token: string): void {
    const { nowMs } = this.#scene.world;
    if (
      this.#of(node.environment).documents.resets.mustBeUnused(token) &&
      !this.exceptions.disturbances.overlap(node.name, nowMs - heardWithinMs / 2, nowMs)
    )
      this.violated("F13", `${node.name} still uses a token that an operator has reset`);
  }

  /** Promise 3, at each refused call: no token is handed out after it has expired. */
  refused(node: FleetNode, token: string, code: number, obtainedAtMs: number): void {
    const { wechat, world } = this.#scene;
    world.note(
      node.name,
      `call refused with ${code} for ${wechat.idOf(token) ?? "an unknown token"}`,
    );
    const sleptLately = this.exceptions.sleeps.overlap(
      node.name,
      obtainedAtMs - noticedWithinMs,
      obtainedAtMs,
    );
    if (wechat.expiresAtMs(token) <= obtainedAtMs && !sleptLately)
      this.violated("3", `${node.name} got ${wechat.idOf(token)} after it had expired`);
  }

  failed(node: FleetNode, life: Life, how: FailedStep, error: unknown): void {
    if (node.life !== life) return;
    const { world } = this.#scene;
    if (life.downSinceMs === undefined) {
      life.downSinceMs = life.process.awakeMs;
      life.downSinceTrueMs = world.nowMs;
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = `${how}${error === undefined ? "" : `, ${code}: ${error instanceof Error ? error.message : ""}`}`;
    world.note(node.name, `a call fails: ${why}`);
    this.#requireNoSecret(
      "an error",
      error instanceof Error ? `${error.message} ${error.stack ?? ""} ${String(error.cause)}` : "",
    );
    if (code === "CREDENTIAL_CONFLICT" && this.claims.mayRefuse(node)) return;
    this.#mustHaveServed(node, life, how);
    this.#found(this.#availability.failedCall(node.name, why));
  }

  /** Judges a caller's wait for a credential since `fromMs`. */
  waited(node: FleetNode, life: Life, fromMs: number): void {
    if (node.life === life) this.#found(this.#availability.waited(node.name, fromMs));
  }

  /** Requires that no foreign fetch is reported where there was none. */
  requireNoContention(): void {
    const isForeign = this.#scene.wechat.lastForeignAtMs >= 0;
    this.claims.summary(isForeign).forEach((finding) => this.#found(finding));
  }

  /** Records that the store lost writes of every environment. */
  lostWrites(primary: Primary): void {
    for (const name of ["production", "staging"]) this.#of(name).documents.lostWrites(primary);
  }

  /** A call was refused for the last time, with this token. */
  refusedFinally({ name }: FleetNode, token: string): void {
    if (isKilledUnnoticed(this.#scene, token))
      this.#faults.add({ name: "killed before its first use", node: name, forMs: 0 });
  }

  #found(finding: Finding | undefined): void {
    if (finding !== undefined) this.violated(finding.promise, finding.what);
  }

  /** I18: a process serves the token that it has and the platform accepts, whatever else fails. */
  #mustHaveServed(node: FleetNode, life: Life, how: string): void {
    const token = life.served.at(-1);
    if (how !== "get" || token === undefined || life.rejected.has(token)) return;
    if (this.#of(node.environment).documents.resets.isForgotten(token)) return;
    const { wechat, world } = this.#scene;
    if (wechat.isAlive(token) && wechat.expiresAtMs(token) > world.nowMs + 2 * skewMarginMs)
      this.violated("I18", `get failed on ${node.name}, which had ${wechat.idOf(token)}`);
  }

  answered(node: FleetNode, life: Life): void {
    if (node.life !== life) return;
    this.#availability.answered(node.name);
    this.#recovered(node, life);
  }

  /**
   * Ends an outage: the node has a token that the platform accepts.
   */
  #recovered(node: FleetNode, life: Life): void {
    if (life.downSinceMs === undefined) return;
    const { metrics, world } = this.#scene;
    const ms = life.process.awakeMs - life.downSinceMs;
    life.downSinceMs = undefined;
    if (ms > 1_000) world.note(node.name, `calls succeed again after ${(ms / 1000).toFixed(1)} s`);
    metrics.worstOutageMs = Math.max(
      metrics.worstOutageMs,
      this.#faults.uncoveredMs(node.name, life.downSinceTrueMs, world.nowMs),
    );
  }

  executed(node: FleetNode, command: Executed): void {
    this.#scene.metrics.commands += 1;
    this.claims.executed(node, command);
    for (const { promise, what } of this.#of(node.environment).documents.executed(command))
      this.violated(promise, what);
    if (command.command !== "get" && command.command !== "subscribe")
      this.#scene.world.note(node.name, describe(command));
  }

  sent(fetch: Fetch): void {
    const { world, nodes } = this.#scene;
    world.note(fetch.process.name, `sends token request ${fetch.number} (${fetch.request.reason})`);
    const sender = nodeNameOf(fetch.process.name);
    const { documents, fetches } = this.#auditsOf(fetch);
    const node = nodes().find(({ name }) => name === sender);
    if (node !== undefined) this.claims.sent(node).forEach((finding) => this.#found(finding));
    if (node?.role === "consumer")
      this.violated("7", `${fetch.process.name} is a consumer and sent a token request`);
    if (!documents.hasIntent(fetch) && !this.#scene.mayFetchAlone)
      this.violated(
        "7",
        `${fetch.process.name} sent a request without an intent of its own in the store`,
      );
    for (const { promise, what } of this.#needs.sent(fetch, documents))
      this.violated(promise, what);
    for (const injection of fetches.usedUpBy(fetch)) this.#faults.add(injection);
    // The store lacks a token fetched without it, so the next request replaces the same one.
    const isDisturbed = (name: string, fromMs: number): boolean =>
      this.#scene.fetchesAlone ||
      this.exceptions.disturbances.overlap(nodeNameOf(name), fromMs - leaseMs, world.nowMs);
    for (const { promise, what } of fetches.sent(fetch, isDisturbed)) this.violated(promise, what);
  }

  processed(fetch: Fetch): void {
    const { documents, fetches } = this.#auditsOf(fetch);
    documents.issued(fetch);
    fetches.processed(fetch);
    this.#scene.world.note(
      "platform",
      `issues ${fetch.tokenId} for request ${fetch.number} of ${fetch.process.name}`,
    );
  }

  #auditsOf({ process }: Fetch): EnvironmentAudits {
    const sender = nodeNameOf(process.name);
    return this.#of(
      this.#scene.nodes().find(({ name }) => name === sender)?.environment ?? "production",
    );
  }

  event(node: FleetNode, event: CredentialEvent): void {
    const text = JSON.stringify(event);
    this.#requireNoSecret("an event", text);
    if (event.type === "contended") this.claims.contended();
    if (event.type === "adopted" || event.type === "refreshed") this.#adopted(node);
    if (event.type !== "retired" && event.type !== "rejected")
      this.#scene.world.note(
        node.name,
        text.replace(/"(credential|environment|node|atMs)":[^,}]*,?/g, ""),
      );
  }

  /**
   * Ends the outage of a node when it gets a live token. Its next call may come much later.
   */
  #adopted(node: FleetNode): void {
    // `peek` counts as a use, so this peeks only while a caller waits anyway.
    if (node.life?.downSinceMs === undefined) return;
    const token = node.life.credential.peek()?.reveal();
    if (token !== undefined && this.#scene.wechat.isAlive(token)) this.#recovered(node, node.life);
  }

  /** Promise 11: neither the AppSecret nor a recent token appears anywhere. */
  #requireNoSecret(where: string, text: string): void {
    const { fetches, secrets } = this.#scene.wechat;
    const tokens = fetches.slice(-3).flatMap(({ token }) => token ?? []);
    if ([...secrets, ...tokens].some((secret) => text.includes(secret)))
      this.violated("11", `a secret appeared in ${where}`);
  }
}

function describe({ command, name, result }: Executed): string {
  const outcome =
    typeof result === "object" && result !== null
      ? JSON.stringify(result).slice(0, 120)
      : String(result);
  return `store: ${command} ${name.slice(name.lastIndexOf("{"))} → ${outcome}`;
}
