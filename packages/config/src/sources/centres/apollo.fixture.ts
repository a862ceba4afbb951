/**
 * Apollo's config service in this process, as it answers: releases, held notifications, access
 * keys.
 */
import { createHmac } from "node:crypto";
import type { Clock } from "@lingpai/core";
import { heldQuestions } from "./held.fixture.ts";
import type { Fetch } from "./http.ts";

export interface FakeApollo {
  readonly fetch: Fetch;
  /** Releases a namespace. */
  release(namespace: string, configurations: Readonly<Record<string, string>>): void;
  readonly requests: string[];
  readonly held: number;
  /** Takes back all releases of a namespace. */
  withdraw(namespace: string): void;
  /** Answers in the place of the service, as a proxy on the way does. */
  gateway: (() => Response) | undefined;
  /**
   * While true, a release is given out only to those who tell of its notification, as by an
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

/** Serves the application `pay` in the cluster `default`. Signatures may be one minute old. */
export function fakeApollo({ clock, accessKey }: FakeApolloOptions): FakeApollo {
  const releases = new Map<string, Release[]>();
  const questions = heldQuestions(clock);
  let lastId = 0;

  const isSigned = ({ headers, url }: Request): boolean => {
    if (accessKey === undefined) return true;
    const timestamp = headers.get("timestamp") ?? "";
    const { pathname, search } = new URL(url);
    const signature = createHmac("sha1", accessKey)
      .update(`${timestamp}\n${pathname}${search}`)
      .digest("base64");
    return (
      Math.abs(clock.wallMs() - Number(timestamp)) <= 60_000 &&
      headers.get("authorization") === `Apollo pay:${signature}`
    );
  };

  const configs = (namespace: string, told: string | null): Response => {
    const all = releases.get(namespace) ?? [];
    const details: unknown = told === null ? undefined : JSON.parse(told);
    const isTold = JSON.stringify(details)?.includes(`:${all.at(-1)?.id}`) ?? false;
    const release = fake.lags && !isTold && all.length > 1 ? all.at(-2) : all.at(-1);
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

  const newer = (
    asked: readonly { readonly namespaceName: string; readonly notificationId: number }[],
  ): unknown[] =>
    asked.flatMap(({ namespaceName, notificationId }) => {
      const id = releases.get(namespaceName)?.at(-1)?.id ?? -1;
      return id > notificationId
        ? [
            {
              namespaceName,
              notificationId: id,
              messages: { details: { [`pay+default+${namespaceName}`]: id } },
            },
          ]
        : [];
    });

  const notifications = async (asked: string, signal: AbortSignal): Promise<Response> => {
    const parsed: Parameters<typeof newer>[0] = JSON.parse(asked);
    if (newer(parsed).length === 0)
      await questions.hold(60_000, () => newer(parsed).length > 0, signal);
    const found = newer(parsed);
    return found.length > 0 ? Response.json(found) : new Response(null, { status: 304 });
  };

  const fake = {
    requests: [] as string[],
    lags: false,
    gateway: undefined as FakeApollo["gateway"],
    withdraw: (namespace: string) => void releases.delete(namespace),
    get held() {
      return questions.count;
    },
    release(namespace: string, configurations: Readonly<Record<string, string>>): void {
      lastId += 1;
      releases.set(namespace, [...(releases.get(namespace) ?? []), { id: lastId, configurations }]);
      questions.look();
    },
    async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
      const request = new Request(input, init);
      const url = new URL(request.url);
      fake.requests.push(url.pathname);
      if (fake.gateway !== undefined) return fake.gateway();
      if (!isSigned(request))
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
