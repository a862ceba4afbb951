/**
 * A fake of Nacos's HTTP API in this process: the configuration, the listener with long polls, the
 * login.
 */
import { createHash } from "node:crypto";
import type { Clock } from "@lingpai/core";
import { longPolls, type LongPolls } from "./long-polls.fixture.ts";
import type { Fetch } from "./http.ts";

export interface FakeNacos {
  readonly fetch: Fetch;
  publish(key: string, content: string | undefined): void;
  /** Makes all tokens invalid. */
  forgetTokens(): void;
  /** True makes the network refuse every request. */
  unreachable: boolean;
  /**
   * Answers in place of the server, as a proxy does. Undefined passes the request to the server.
   */
  gateway: ((request: Request) => Response | undefined) | undefined;
  /** Method and path of each request. */
  readonly requests: string[];
  /** The URL of each request. */
  readonly urls: string[];
  /** The number of long polls that are open. */
  readonly openPolls: number;
}

export interface FakeNacosOptions {
  readonly clock: Clock;
  readonly user?: FakeUser;
  /**
   * The status for a refused token. Servers of different versions answer 401, 403 or 500.
   * @defaultValue 403
   */
  readonly refusalStatus?: number;
}

export interface FakeUser {
  readonly name: string;
  readonly password: string;
  /**
   * The one namespace that the user may read. Like the real server, it is taken from the query.
   * @defaultValue all
   */
  readonly namespace?: string;
}

interface Access {
  isAllowed(request: Request): boolean;
  logIn(request: Request): Promise<Response>;
  forget(): void;
}

/**
 * Checks tokens and logs in. Without a user every request is accepted.
 */
function accessOf(user: FakeNacosOptions["user"]): Access {
  const tokens = new Set<string>();
  let issued = 0;
  return {
    isAllowed({ headers, url }) {
      if (user === undefined) return true;
      const { searchParams } = new URL(url);
      const namespace = searchParams.get("tenant") ?? searchParams.get("namespaceId") ?? "";
      const hasRight = user.namespace === undefined || user.namespace === namespace;
      return hasRight && tokens.has(headers.get("authorization")?.replace(/^Bearer /, "") ?? "");
    },
    forget: () => tokens.clear(),
    async logIn(request) {
      const form = new URLSearchParams(await request.text());
      if (form.get("username") !== user?.name || form.get("password") !== user?.password)
        return new Response("unknown user!", { status: 403 });
      issued += 1;
      tokens.add(`token-${issued}`);
      return Response.json({
        accessToken: `token-${issued}`,
        tokenTtl: 18_000,
        globalAdmin: true,
        username: user?.name,
      });
    },
  };
}

function md5(content: string | undefined): string {
  return content === undefined ? "" : createHash("md5").update(content).digest("hex");
}

/**
 * Answers as `LongPollingService` does: at once if the checksum differs, else at a change, and half
 * a second before the end of the requested time.
 */
async function listen(
  request: Request,
  contents: ReadonlyMap<string, string>,
  polls: LongPolls,
): Promise<Response> {
  const listening = new URLSearchParams(await request.text()).get("Listening-Configs") ?? "";
  const [dataId = "", group = "", sum = "", namespace = ""] = listening
    .replace(/\u0001$/, "")
    .split("\u0002");
  const key = `${namespace}/${group}/${dataId}`;
  const answer = (): string =>
    md5(contents.get(key)) === sum
      ? ""
      : encodeURIComponent(
          [dataId, group, ...(namespace === "" ? [] : [namespace])].join("\u0002") + "\u0001",
        );
  const timeoutMs = Number(request.headers.get("long-pulling-timeout")) - 500;
  if (answer() === "" && timeoutMs > 0)
    await polls.hold(timeoutMs, () => answer() !== "", request.signal);
  return new Response(answer() === "" ? "" : `${answer()}\n`);
}

/** Keys are `namespace/group/dataId`, with an empty namespace for the public one. */
export function fakeNacos({ clock, user, refusalStatus = 403 }: FakeNacosOptions): FakeNacos {
  const contents = new Map<string, string>();
  const polls = longPolls(clock);
  const access = accessOf(user);
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const at = (name: string): string => url.searchParams.get(name) ?? "";
    const route = `${request.method} ${url.pathname}`;
    if (route === "POST /nacos/v1/auth/login" || route === "POST /nacos/v3/auth/user/login")
      return access.logIn(request);
    if (!access.isAllowed(request))
      return new Response('{"code":403,"message":"user not found!"}', { status: refusalStatus });
    if (route === "POST /nacos/v1/cs/configs/listener") return listen(request, contents, polls);
    if (route === "GET /nacos/v1/cs/configs") {
      const content = contents.get(`${at("tenant")}/${at("group")}/${at("dataId")}`);
      return content === undefined
        ? new Response("config data not exist", { status: 404 })
        : new Response(content, { headers: { "content-md5": md5(content) } });
    }
    if (route === "GET /nacos/v3/client/cs/config") {
      const content = contents.get(`${at("namespaceId")}/${at("groupName")}/${at("dataId")}`);
      if (content === undefined)
        return Response.json(
          { code: 20_004, message: "resource not found", data: "config data not exist" },
          { status: 404 },
        );
      return Response.json({
        code: 0,
        message: "success",
        data: { content, md5: md5(content), contentType: "yaml", encryptedDataKey: "" },
      });
    }
    return new Response("no such endpoint", { status: 404 });
  };

  const fake = {
    requests: [] as string[],
    urls: [] as string[],
    unreachable: false,
    gateway: undefined as FakeNacos["gateway"],
    get openPolls() {
      return polls.count;
    },
    publish(key: string, content: string | undefined): void {
      if (content === undefined) contents.delete(key);
      else contents.set(key, content);
      polls.recheck();
    },
    forgetTokens: access.forget,
    async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
      const request = new Request(input, init);
      fake.requests.push(`${request.method} ${new URL(request.url).pathname}`);
      fake.urls.push(request.url);
      if (fake.unreachable)
        throw new TypeError("fetch failed", {
          cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
        });
      return fake.gateway?.(request) ?? answer(request);
    },
  };
  return fake;
}
