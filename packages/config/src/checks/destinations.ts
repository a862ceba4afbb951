/** Finds secrets that would be sent where a source that is trusted less says. */
import type { Laid } from "../layers.ts";
import type { Problem } from "../problem.ts";
import { pathText } from "../setting.ts";
import { trustOrder } from "../source.ts";

/** The platform's own hosts: `api.weixin.qq.com`, its fallback hosts, `qyapi.weixin.qq.com`. */
const platformHost = /(^|\.)weixin\.qq\.com$/;
const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * One problem for each app whose `baseUrl` is neither the platform's nor this machine's, nor
 * allowed by name, and comes from a source that is trusted less than the one that gives the app's
 * secret. Whoever may write to a configuration centre could otherwise have the secret sent to
 * himself.
 */
export function destinationProblems(
  settings: readonly Laid[],
  allowedHosts: readonly string[],
): readonly Problem[] {
  return settings.flatMap((address) => {
    const [section, app, name] = address.path;
    if (
      section !== "apps" ||
      name !== "baseUrl" ||
      typeof address.value !== "string" ||
      !URL.canParse(address.value)
    )
      return [];
    const secret = settings.find(
      ({ path }) =>
        path.length === 3 && path[0] === "apps" && path[1] === app && path[2] === "secret",
    );
    const { host, hostname } = new URL(address.value);
    const isKnown =
      platformHost.test(hostname) ||
      loopbackHosts.includes(hostname) ||
      [host, hostname].some((each) => allowedHosts.includes(each));
    if (isKnown || secret === undefined || mayDirect(address, secret)) return [];
    return [
      {
        path: pathText(address.writtenAs),
        place: address.place,
        text:
          `would send the secret of ${secret.place} to "${host}", which is no host of the platform. ` +
          `Put baseUrl where the secret is, or pass allowedHosts: ["${host}"].`,
      },
    ];
  });
}

function mayDirect(address: Laid, secret: Laid): boolean {
  return (
    address.source === secret.source ||
    trustOrder.indexOf(address.trust) < trustOrder.indexOf(secret.trust)
  );
}
