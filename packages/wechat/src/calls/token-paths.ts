/**
 * The paths whose token is not simply the account's `access_token`, as data from the platforms'
 * pages. On a path that is in neither table, an account's or a component's token is sent as
 * `access_token`, as all documented business APIs require; a suite's or a provider's token is not
 * sent.
 */

/**
 * The owner of the token: an account (also a tenant, and a WeCom app), a third-party platform, a
 * suite, or a service provider.
 */
export type TokenHolder = "account" | "component" | "suite" | "provider";

/**
 * The parameter's name for each holder that may call the path. A holder without a name may not call
 * it, or needs no token.
 */
type Names = Partial<Readonly<Record<TokenHolder, string>>>;

interface Sourced {
  /** The page that documents the row, without `https://`. */
  readonly source: string;
  /** When the row was compiled from the documentation. */
  readonly compiled: string;
  /**
   * When somebody last read the page and found the path and the parameter as the row has them.
   * Absent: nobody has since the row was compiled.
   */
  readonly checked?: string;
}

export interface ExceptionalPath extends Names, Sourced {
  readonly path: string;
}

export interface OwnTokenPaths extends Names, Sourced {
  readonly prefix: string;
}

const compiled = "2026-11-28";
const checked = "2026-11-29";
const openApi = "developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc";
const domains = "developers.weixin.qq.com/doc/oplatform/openApi/thirdparty-management/domain-mgnt";
const platforms = "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api";
const wecom = "developer.work.weixin.qq.com/document/path";

const rows: readonly ExceptionalPath[] = [
  // These take the secret, or a user's code, in place of a token.
  {
    path: "/cgi-bin/token",
    source:
      "developers.weixin.qq.com/doc/oplatform/Website_App/Launching_a_Mini_Program/getaccesstoken.html",
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/stable_token",
    source: "developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html",
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/clear_quota/v2",
    source:
      "developers.weixin.qq.com/doc/subscription/en/api/apimanage/api_clearquotabyappsecret.html",
    compiled,
    checked,
  },
  { path: "/cgi-bin/gettoken", source: `${wecom}/91039`, compiled },
  {
    path: "/cgi-bin/component/api_component_token",
    source: `${platforms}/ThirdParty/token/component_access_token.html`,
    compiled,
  },
  {
    path: "/cgi-bin/component/api_start_push_ticket",
    source: `${platforms}/ThirdParty/token/component_verify_ticket_service.html`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/component/clear_quota/v2",
    source: `${openApi}/openapi/clearComponentQuotaByAppSecret.html`,
    compiled,
    checked,
  },
  { path: "/cgi-bin/service/get_suite_token", source: `${wecom}/97162`, compiled, checked },
  { path: "/cgi-bin/service/get_provider_token", source: `${wecom}/90593`, compiled, checked },
  // These are under /cgi-bin/component/, but take the tenant's token.
  {
    path: "/cgi-bin/component/setprivacysetting",
    account: "access_token",
    source: `${platforms}/privacy_config/set_privacy_setting.html`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/component/getprivacysetting",
    account: "access_token",
    source: `${platforms}/privacy_config/get_privacy_setting.html`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/component/uploadprivacyextfile",
    account: "access_token",
    source: `${platforms}/privacy_config/upload_privacy_exfile.html`,
    compiled,
  },
  // These are under /cgi-bin/component/, and take the component's token under the name of an
  // account's.
  {
    path: "/cgi-bin/component/modify_wxa_server_domain",
    component: "access_token",
    source: `${domains}/api_modifythirdpartyserverdomain`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/component/modify_wxa_jump_domain",
    component: "access_token",
    source: `${openApi}/thirdparty-management/domain-mgnt/modifyThirdpartyJumpDomain.html`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/component/get_domain_confirmfile",
    component: "access_token",
    source: `${domains}/api_getthirdpartyjumpdomainconfirmfile`,
    compiled,
    checked,
  },
  // These are elsewhere, and take the component's token under its own name.
  {
    path: "/wxa/component/fastregisterpersonalweapp",
    component: "component_access_token",
    source: `${openApi.replace("/doc/oplatform/", "/doc/oplatform/en/")}/register-management/fast-registration-ind/fastRegisterPersonalMp.html`,
    compiled,
    checked,
  },
  {
    path: "/product/register/register_shop",
    component: "component_access_token",
    source: "observed: WxJava 4.6.0",
    compiled,
  },
  // At WeCom, these are under /cgi-bin/service/ and take the provider's token.
  {
    path: "/cgi-bin/service/corpid_to_opencorpid",
    provider: "provider_access_token",
    source: `${wecom}/95604`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/service/get_login_info",
    provider: "access_token",
    source: `${wecom}/91125`,
    compiled,
  },
  {
    path: "/cgi-bin/service/get_register_code",
    provider: "provider_access_token",
    source: `${wecom}/90581`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/service/get_register_info",
    provider: "provider_access_token",
    source: `${wecom}/90582`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/service/get_customized_auth_url",
    provider: "provider_access_token",
    source: `${wecom}/98744`,
    compiled,
  },
  {
    path: "/cgi-bin/service/externalcontact/finish_external_userid_migration",
    provider: "provider_access_token",
    source: "observed: blog.csdn.net/qq_37203082/article/details/128493602",
    compiled,
  },
  {
    path: "/cgi-bin/service/contact/sort",
    provider: "provider_access_token",
    source: `${wecom}/92093`,
    compiled,
  },
  {
    path: "/cgi-bin/service/contact/id_translate",
    provider: "provider_access_token",
    source: `${wecom}/91846`,
    compiled,
  },
  {
    path: "/cgi-bin/service/contact/batchsearch",
    provider: "provider_access_token",
    source: `${wecom}/91844`,
    compiled,
  },
  {
    path: "/cgi-bin/service/batch/getresult",
    provider: "provider_access_token",
    source: `${wecom}/91882`,
    compiled,
    checked,
  },
  {
    path: "/cgi-bin/service/externalcontact/unionid_to_external_userid_3rd",
    suite: "suite_access_token",
    source: `${wecom}/93274`,
    compiled,
  },
];

/** By path, without the path of the base URL. */
export const exceptionalPaths: ReadonlyMap<string, ExceptionalPath> = new Map(
  rows.map((row) => [row.path, row]),
);

/**
 * Groups of paths that the platforms document together. {@link exceptionalPaths} come first; then
 * the first group that matches applies.
 */
export const ownTokenPaths: readonly OwnTokenPaths[] = [
  {
    prefix: "/sns/component/",
    component: "component_access_token",
    source:
      "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/others/WeChat_login.html",
    compiled,
  },
  {
    prefix: "/sns/oauth2/component/",
    component: "component_access_token",
    source: `${platforms}/Official_Accounts/official_account_website_authorization.html`,
    compiled,
  },
  {
    prefix: "/sns/",
    source:
      "developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html",
    compiled,
  },
  {
    prefix: "/cgi-bin/component/",
    component: "component_access_token",
    source: `${platforms}/ThirdParty/token/pre_auth_code.html`,
    compiled,
  },
  {
    prefix: "/cgi-bin/service/",
    suite: "suite_access_token",
    source: `${wecom}/90605`,
    compiled,
    checked,
  },
  {
    prefix: "/cgi-bin/license/",
    provider: "provider_access_token",
    source: `${wecom}/97182`,
    compiled,
    checked,
  },
];
