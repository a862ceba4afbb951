/**
 * A fake of Apollo's config service in this process: releases, long polls of notifications, access
 * keys.
 */
import { createHmac } from "node:crypto";
import type { Clock } from "@lingpai/core";
import { longPolls } from "./long-polls.fixture.ts";
import type { Fetch } from "./http.ts";

export interface FakeApollo {
  readonly fetch: Fetch;
  /** Releases a namespace. */
  release(namespace: string, configurations: Readonly<Record<string, string>>): void;
  readonly requests: string[];
  readonly openPolls: number;
  /** Removes all releases of a namespace. */
  withdraw(namespace: string): void;
  /** Answers in place of the service, as a proxy does. */
  gateway: (() => Response) | undefined;
  /**
   * While true, a new release is returned only to requests that carry its notification, as by an
   * instance that lags behind.
   */
  lags: boolean;
}

export interface FakeApolloOptions {
  readonly clock: Clock;
  readonly accessKey?: string;
}

interface Release {
  readonly id: number;
  readonly configurations: Readonly<Record<string, string>>;
}

function isSigned({ headers, url }: Request, accessKey: string, wallMs: number): boolean {
  const timestamp = headers.get("timestamp") ?? "";
  const { pathname, search } = new URL(url);
  const signature = createHmac("sha1", accessKey)
    .update(`${timestamp}\n${pathname}${search}`)
    .digest("base64");
  return (
    Math.abs(wallMs - Number(timestamp)) <= 60_000 &&
    headers.get("authorization") === `Apollo pay:${signature}`
  );
}

interface Notification {
  readonly namespaceName: string;
  readonly notificationId: number;
}

/** The notifications of releases that are newer than those that the client has. */
function newerThan(
  seen: readonly Notification[],
  releases: ReadonlyMap<string, readonly Release[]>,
): unknown[] {
  return seen.flatMap(({ namespaceName, notificationId }) => {
    const id = releases.get(namespaceName)?.at(-1)?.id ?? -1;
    if (id <= notificationId) return [];
    const messages = { details: { [`pay+default+${namespaceName}`]: id } };
    return [{ namespaceName, notificationId: id, messages }];
  });
}

/** Serves the application `pay` in the cluster `default`. Signatures may be one minute old. */
export function fakeApollo({ clock, accessKey }: FakeApolloOptions): FakeApollo {
  const releases = new Map<string, Release[]>();
  const polls = longPolls(clock);
  let lastId = 0;

  const configs = (namespace: string, messages: string | null): Response => {
    const all = releases.get(namespace) ?? [];
    const details: unknown = messages === null ? undefined : JSON.parse(messages);
    const isNamed = JSON.stringify(details)?.includes(`:${all.at(-1)?.id}`) ?? false;
    const release = fake.lags && !isNamed && all.length > 1 ? all.at(-2) : all.at(-1);
    if (release === undefined)
      return new Response(
        '{"status":404,"error":"Not Found","message":"Could not load configurations with appId: pay, clusterName: default, namespace: x"}',
        { status: 404 },
      );
    return Response.json({
      appId: "pay",
      cluster: "default",
      namespaceName: namespace,
      configurations: release.configurations,
      releaseKey: `2026-${release.id}`,
    });
  };

  const notifications = async (text: string, signal: AbortSignal): Promise<Response> => {
    const seen: readonly Notification[] = JSON.parse(text);
    if (newerThan(seen, releases).length === 0)
      await polls.hold(60_000, () => newerThan(seen, releases).length > 0, signal);
    const found = newerThan(seen, releases);
    return found.length > 0 ? Response.json(found) : new Response(null, { status: 304 });
  };

  const fake = {
    requests: [] as string[],
    lags: false,
    gateway: undefined as FakeApollo["gateway"],
    withdraw: (namespace: string) => void releases.delete(namespace),
    get openPolls() {
      return polls.count;
    },
    release(namespace: string, configurations: Readonly<Record<string, string>>): void {
      lastId += 1;
      releases.set(namespace, [...(releases.get(namespace) ?? []), { id: lastId, configurations }]);
      polls.recheck();
    },
    async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
      const request = new Request(input, init);
      const url = new URL(request.url);
      fake.requests.push(url.pathname);
      if (fake.gateway !== undefined) return fake.gateway();
      if (accessKey !== undefined && !isSigned(request, accessKey, clock.wallMs()))
        return new Response('{"status":401,"message":"Unauthorized"}', { status: 401 });
      if (url.pathname === "/notifications/v2")
        return notifications(url.searchParams.get("notifications") ?? "[]", request.signal);
      const [, namespace] = /^\/configs\/pay\/default\/([^/]+)$/.exec(url.pathname) ?? [];
      return namespace === undefined
        ? new Response("", { status: 404 })
        : configs(decodeURIComponent(namespace), url.searchParams.get("messages"));
    },
  };
  return fake;
}
