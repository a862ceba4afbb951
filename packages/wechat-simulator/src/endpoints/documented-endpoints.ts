/** The documented paths as endpoints: they take a live token and answer with a plausible body. */
import { componentToken, providerToken, suiteToken } from "../accounts/check-token.ts";
import type { Expectation } from "../accounts/check-token.ts";
import type { Answer } from "../ledger/context.ts";
import { documentedPaths } from "../paths/documented-paths.ts";
import type { DocumentedPath } from "../paths/documented-path.ts";
import { hostOf } from "../paths/hosts.ts";
import { okBody } from "../accounts/official-accounts.ts";
import { plausibleBody } from "./plausible-bodies.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint } from "./routes.ts";

/** Endpoints for all documented paths that none of `engines` serves. */
export function documentedEndpoints(
  platform: Platform,
  engines: readonly Endpoint[],
): readonly Endpoint[] {
  const served = new Set(
    engines.flatMap(({ host, path }) =>
      host === undefined ? [`wechat ${path}`, `wecom ${path}`] : [`${host} ${path}`],
    ),
  );
  return documentedPaths
    .filter(({ host, path }) => !served.has(`${host} ${path}`))
    .map((row) => endpointOf(platform, row));
}

function endpointOf(
  { calls, random, context }: Platform,
  { host, method, path, holder, parameter }: DocumentedPath,
): Endpoint {
  return {
    kind: "call",
    host,
    method,
    path,
    takesFiles: true,
    answer({ req, env }): Answer<unknown> {
      const accessToken = req.query(parameter) ?? "";
      const expected = expectationOf(holder);
      const served = hostOf(new URL(req.url));
      const answer = calls.call({
        ...env.sender,
        endpoint: path,
        accessToken,
        host: served,
        ...(expected === undefined ? {} : { expected }),
      });
      if (!answer.ok) return answer;
      const body = plausibleBody(path, { random, nowS: Math.floor(context.nowMs() / 1000) });
      return { ok: true, body: body instanceof Uint8Array ? body : { ...okBody, ...body } };
    },
  };
}

/** Both hosts have this path. If one address serves both hosts, the token identifies the host. */
function expectationOf(holder: DocumentedPath["holder"]): Expectation | undefined {
  if (holder === "component") return componentToken;
  if (holder === "suite") return suiteToken;
  return holder === "provider" ? providerToken : undefined;
}
