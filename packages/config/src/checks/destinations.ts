/** Finds secrets that would be sent to an address from a less trusted source. */
import type { LayeredSetting } from "../layers.ts";
import type { Problem } from "../problem.ts";
import { pathText } from "../setting.ts";
import { trustOrder } from "../source.ts";

/** The platform's own hosts: `api.weixin.qq.com`, its fallback hosts, `qyapi.weixin.qq.com`. */
const platformHost = /(^|\.)weixin\.qq\.com$/;
const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Returns one problem for each app whose `baseUrl` comes from a less trusted source than its
 * secret, unless the host is the platform's, this machine's or allowed by name. Otherwise whoever
 * can write to a configuration centre could have the secret sent to a server of their own.
 */
export function destinationProblems(
  settings: readonly LayeredSetting[],
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
          `would send the secret of ${secret.place} to "${host}", which is not a host of the platform. ` +
          `Put baseUrl into the source of the secret, or pass allowedHosts: ["${host}"].`,
      },
    ];
  });
}

function mayDirect(address: LayeredSetting, secret: LayeredSetting): boolean {
  return (
    address.source === secret.source ||
    trustOrder.indexOf(address.trust) < trustOrder.indexOf(secret.trust)
  );
}
