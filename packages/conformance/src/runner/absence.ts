/** Checks that a fact which excludes a clause is true: the fixture may not contradict it. */
import assert from "node:assert/strict";
import type { Fixture } from "../backend.ts";
import type { Capability } from "../facts.ts";
import type { Clause } from "../clause.ts";

/** The member that shows a capability. Capabilities without one cannot be seen from outside. */
const evidence: { readonly [C in Capability]?: (fixture: Fixture) => unknown } = {
  locks: ({ lock }) => lock,
  pushesChanges: ({ cache }) => cache.watch ?? (cache.pushesChanges || undefined),
  pushesReleases: ({ lock }) => lock?.onRelease,
  foreignWriters: ({ raw }) => raw,
  linked: ({ connect }) => connect,
  clientPrefixes: ({ prefixed }) => prefixed,
  scripted: ({ server }) => server?.forgetScripts,
  accessControlled: ({ server }) => server?.limitedTo ?? server?.forbidding,
  restartable: ({ server }) => server?.restart,
  survivesRestart: () => undefined,
  replicated: ({ server }) => server?.failOver,
  cluster: ({ cluster }) => cluster,
  unfenced: ({ demandFencing }) => demandFencing,
};

/** Throws if the fixture has the capability that the excluding fact denies. */
export function absenceShown(fixture: Fixture, fact: string, clause: Clause): void {
  const missing = (clause.needs ?? []).find((need) => fact.startsWith(`${need}:`));
  const shown = missing === undefined ? undefined : evidence[missing]?.(fixture);
  assert.equal(
    shown,
    undefined,
    `${fact} was declared, which excludes ${clause.id}, but the fixture offers it`,
  );
}
