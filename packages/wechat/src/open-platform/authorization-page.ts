/** The page on which an account authorises a third-party platform. */
import { ConfigurationError } from "@lingpai/core";
import { checkedId } from "../options/validate.ts";

/** Documented as "授权流程技术说明" of the open platform. The mobile page's host is as of 2023. */
export interface AuthorizationPage {
  /**
   * The address to which the browser continues, with `auth_code` and `expires_in` added. It must be
   * on the domain that the console names.
   */
  readonly redirectUrl: string;
  /**
   * `pc` shows a QR code, `mobile` opens within WeChat.
   * @defaultValue "pc"
   */
  readonly device?: "pc" | "mobile";
  /**
   * Which accounts the user may choose: 1 official accounts, 2 mini programs, 3 both, 4 mini
   * program shops, 5 channels, 6 all. Not with `appId`.
   */
  readonly authType?: 1 | 2 | 3 | 4 | 5 | 6;
  /** The account that is to authorise, if it is known. */
  readonly appId?: string;
  /** The permission sets to ask for. */
  readonly categoryIds?: readonly number[];
}

const pages = {
  pc: "https://mp.weixin.qq.com/cgi-bin/componentloginpage",
  mobile: "https://open.weixin.qq.com/wxaopen/safe/bindcomponent",
} as const;

/** @throws {ConfigurationError} `redirect-url`, or `range` if two options exclude each other. */
export function authorizationPageUrl(
  componentAppId: string,
  code: string,
  page: AuthorizationPage,
): string {
  const { redirectUrl, device = "pc", authType, appId, categoryIds = [] } = page;
  const target = URL.canParse(redirectUrl) ? new URL(redirectUrl) : undefined;
  if (target?.protocol !== "https:" && target?.protocol !== "http:") {
    throw new ConfigurationError(
      "The redirectUrl is not an http: or https: URL. Give the whole address of the page after the authorisation.",
      {
        rule: "redirect-url",
      },
    );
  }
  if (authType !== undefined && appId !== undefined) {
    throw new ConfigurationError("Give authType or appId, not both: the page takes one of them.", {
      rule: "range",
    });
  }
  const url = new URL(pages[device]);
  if (device === "mobile") url.search = "action=bindcomponent&no_scan=1";
  url.searchParams.set("component_appid", componentAppId);
  url.searchParams.set("pre_auth_code", code);
  url.searchParams.set("redirect_uri", redirectUrl);
  if (authType !== undefined) url.searchParams.set("auth_type", String(authType));
  if (appId !== undefined) url.searchParams.set("biz_appid", checkedId(appId));
  if (categoryIds.length > 0) url.searchParams.set("category_id_list", categoryIds.join("|"));
  if (device === "mobile") url.hash = "wechat_redirect";
  return url.href;
}
