/**
 * Nacos's HTTP API in this process, as its server answers: the configuration, the listener that
 * holds questions, the log-in.
 */
import { createHash } from "node:crypto";
import type { Clock } from "@lingpai/core";
import { heldQuestions } from "./held.fixture.ts";
import type { Fetch } from "./http.ts";

export interface FakeNacos {
  readonly fetch: Fetch;
  publish(key: string, content: string | undefined): void;
  /** Ends all tokens given so far. */
  forgetTokens(): void;
  /** From now on every request is refused by the network. */
  unreachable: boolean;
  /**
   * Answers in the place of the server, as a proxy on the way does; undefined lets a request
   * through.
   */
  gateway: ((request: Request) => Response | undefined) | undefined;
  /** Method and path of each request. */
  readonly requests: string[];
  /** Everything that stood in a URL. */
  readonly urls: string[];
  /** Questions that are held now. */
  readonly held: number;
}

export interface FakeNacosOptions {
  readonly clock: Clock;
  readonly user?: FakeUser;
  /**
   * What a refused token is answered with. Servers of different versions say 401, 403 or 500.
   * @defaultValue 403
   */
  readonly refusalStatus?: number;
}

export interface FakeUser {
  readonly name: string;
  readonly password: string;
  /**
   * The one namespace that the user may read, judged by the query as the server does.
   * @defaultValue all
   */
  readonly namespace?: string;
}

interface Door {
  mayPass(request: Request): boolean;
  logIn(request: Request): Promise<Response>;
  forget(): void;
}

/**
 * Who may come in: everybody without a user, else who brings a token that was given for the
 * password.
 */
function doorOf(user: FakeNacosOptions["user"]): Door {
  const tokens = new Set<string>();
  let issued = 0;
  return {
    mayPass({ headers, url }) {
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

/** Keys are `namespace/group/dataId`, with an empty namespace for the public one. */
export function fakeNacos({ clock, user, refusalStatus = 403 }: FakeNacosOptions): FakeNacos {
  const contents = new Map<string, string>();
  const questions = heldQuestions(clock);
  const door = doorOf(user);
  const md5 = (content: string | undefined): string =>
    content === undefined ? "" : createHash("md5").update(content).digest("hex");

  /**
   * As `LongPollingService`: answers at once when the sum differs, else at a change, and half a
   * second before the time that was asked for.
   */
  const listen = async (request: Request): Promise<Response> => {
    const question = new URLSearchParams(await request.text()).get("Listening-Configs") ?? "";
    const [dataId = "", group = "", sum = "", namespace = ""] = question
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
      await questions.hold(timeoutMs, () => answer() !== "", request.signal);
    return new Response(answer() === "" ? "" : `${answer()}\n`);
  };

  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const at = (name: string): string => url.searchParams.get(name) ?? "";
    const route = `${request.method} ${url.pathname}`;
    if (route === "POST /nacos/v1/auth/login" || route === "POST /nacos/v3/auth/user/login")
      return door.logIn(request);
    if (!door.mayPass(request))
      return new Response('{"code":403,"message":"user not found!"}', { status: refusalStatus });
    if (route === "POST /nacos/v1/cs/configs/listener") return listen(request);
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
    get held() {
      return questions.count;
    },
    publish(key: string, content: string | undefined): void {
      if (content === undefined) contents.delete(key);
      else contents.set(key, content);
      questions.look();
    },
    forgetTokens: door.forget,
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
