/** For tests: a credential without a store or a platform behind it. */
import { Secret } from "@lingpai/core";
import type { CallOptions, Credential, Rejection, RejectOptions } from "@lingpai/core";

export interface FakeCredential extends Credential {
  readonly calls: string[];
}

export interface FakeCredentialOptions {
  /** The reaction of `reject` to the present token. By default the next token replaces it. */
  readonly onReject?: (
    replace: () => Rejection,
    options: RejectOptions,
  ) => Rejection | Promise<Rejection>;
  readonly onGet?: (present: () => Secret) => Secret | Promise<Secret>;
}

/** Returns `token-1`, and the next token after each rejection of the present one. */
export function fakeCredential(options: FakeCredentialOptions = {}): FakeCredential {
  const calls: string[] = [];
  let generation = 1;
  const present = (): Secret => new Secret(tokenOf(generation), `fingerprint-${generation}`);
  const replace = (): Rejection => {
    generation += 1;
    return { replaced: true, secret: present() };
  };
  return {
    id: "wechat:stable:wx0123456789abcdef",
    environment: "test",
    calls,
    peek: present,
    async get(call: CallOptions = {}) {
      calls.push("get");
      call.signal?.throwIfAborted();
      return options.onGet?.(present) ?? present();
    },
    async reject(refused, rejection = {}) {
      const text = typeof refused === "string" ? refused : refused.reveal();
      calls.push(`reject ${text} ${rejection.platformCode}`);
      if (text !== tokenOf(generation)) return { replaced: true, secret: present() };
      return options.onReject?.(replace, rejection) ?? replace();
    },
    check: async () => "unknown",
    refresh: async () => present(),
    seed: async () => present(),
    reset: async () => undefined,
    useFallback: async () => present(),
    reconcileQuota: async () => undefined,
    status() {
      throw new Error("a fake has no status");
    },
    watch: () => () => undefined,
    close: async () => void calls.push("close"),
    [Symbol.asyncDispose]: async () => void calls.push("close"),
  };
}

export function tokenOf(generation: number): string {
  return `${generation}-live-token-${"abcdef0123456789".repeat(4)}`;
}
