/** In which query parameter a call carries its token, by the call's path: each kind of token has its own. */

/** The parameter's name, or undefined where a token would be useless: such endpoints take a secret, or a user's token. */
export type TokenParameter = (path: string) => string | undefined;

/** All names that there are: a URL that has one brings its own token. */
export const tokenParameters: readonly string[] = ["access_token", "component_access_token", "suite_access_token", "provider_access_token"];

const withoutToken: readonly RegExp[] = [
  /^\/sns\//,
  /^\/cgi-bin\/(token|stable_token|gettoken|clear_quota\/v2)$/,
  /^\/cgi-bin\/component\//,
];

/** For an official account, a mini program, a tenant, or an app at WeCom. */
export const accountParameter: TokenParameter = (path) => (withoutToken.some((pattern) => pattern.test(path)) ? undefined : "access_token");

/** For a third-party platform's own token. */
export const componentParameter: TokenParameter = (path) => {
  if (/^\/cgi-bin\/component\/(api_component_token|api_start_push_ticket)$/.test(path)) return undefined;
  if (/^\/(cgi-bin\/component|sns\/component|sns\/oauth2\/component)\//.test(path)) return "component_access_token";
  return accountParameter(path);
};

/** For a WeCom suite's own token. */
export const suiteParameter: TokenParameter = (path) =>
  /^\/cgi-bin\/service\/(?!get_suite_token$|get_provider_token$)/.test(path) ? "suite_access_token" : undefined;
