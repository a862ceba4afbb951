/**
 * Every path that the platform's pages document and that has no logic of its own here. With a live
 * token it answers `{ "errcode": 0 }` and a plausible body.
 */
import { accountPaths } from "./account-paths.ts";
import { commercePaths } from "./commerce-paths.ts";
import { miniProgramPaths } from "./mini-program-paths.ts";
import { moreMiniProgramPaths } from "./mini-program-paths-more.ts";
import { wecomPaths } from "./wecom-paths.ts";
import type { DocumentedPath, Holder, PathGroup } from "./documented-path.ts";
import type { Host } from "./hosts.ts";

const compiled = "2026-11-28";

function rows(
  host: Host,
  groups: readonly PathGroup[],
  holder: Holder = "account",
  parameter: string = "access_token",
): DocumentedPath[] {
  return groups.flatMap(([source, ...calls]) =>
    calls.map((call): DocumentedPath => {
      const [, method, path = call] = /^(GET|POST) (.+)$/.exec(call) ?? [];
      return {
        host,
        method: method === "GET" || method === "POST" ? method : "any",
        path,
        holder,
        parameter,
        source,
        compiled,
      };
    }),
  );
}

const openApi = "developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc";
const platforms = "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api";

/** A third-party platform calls these for itself, with its token under the name of an account's. */
const componentByAccountName: readonly PathGroup[] = [
  [
    `${openApi}/thirdparty-management/domain-mgnt/modifyThirdpartyServerDomain.html`,
    "POST /cgi-bin/component/modify_wxa_server_domain",
  ],
  [
    `${openApi}/thirdparty-management/domain-mgnt/modifyThirdpartyJumpDomain.html`,
    "POST /cgi-bin/component/modify_wxa_jump_domain",
  ],
  [
    `${openApi}/thirdparty-management/domain-mgnt/getThirdpartyJumpDomainConfirmFile.html`,
    "POST /cgi-bin/component/get_domain_confirmfile",
  ],
  [
    `${platforms}/code_template/gettemplatelist.html`,
    "GET /wxa/gettemplatelist",
    "GET /wxa/gettemplatedraftlist",
    "POST /wxa/addtotemplate",
    "POST /wxa/deletetemplate",
  ],
];

const componentByItsName: readonly PathGroup[] = [
  [
    `${platforms}/ThirdParty/Account_Authorization/api_get_authorizer_option.html`,
    "POST /cgi-bin/component/api_get_authorizer_option",
  ],
  [
    `${platforms}/ThirdParty/Account_Authorization/api_set_authorizer_option.html`,
    "POST /cgi-bin/component/api_set_authorizer_option",
  ],
  [
    `${platforms}/Register_Mini_Programs/Fast_Registration_Interface_document.html`,
    "POST /cgi-bin/component/fastregisterweapp",
  ],
  [
    `${platforms}/Register_Mini_Programs/fastregisterpersonalweapp.html`,
    "POST /wxa/component/fastregisterpersonalweapp",
  ],
];

const suiteCalls: readonly PathGroup[] = [
  ["developer.work.weixin.qq.com/document/path/90602", "POST /cgi-bin/service/set_session_info"],
  ["developer.work.weixin.qq.com/document/path/90606", "POST /cgi-bin/service/get_admin_list"],
  ["developer.work.weixin.qq.com/document/path/91121", "GET /cgi-bin/service/auth/getuserinfo3rd"],
  [
    "developer.work.weixin.qq.com/document/path/91122",
    "POST /cgi-bin/service/auth/getuserdetail3rd",
  ],
];

const providerCalls: readonly PathGroup[] = [
  [
    "developer.work.weixin.qq.com/document/path/95604",
    "POST /cgi-bin/service/corpid_to_opencorpid",
  ],
  ["developer.work.weixin.qq.com/document/path/90581", "POST /cgi-bin/service/get_register_code"],
  ["developer.work.weixin.qq.com/document/path/90582", "POST /cgi-bin/service/get_register_info"],
  [
    "developer.work.weixin.qq.com/document/path/98744",
    "POST /cgi-bin/service/get_customized_auth_url",
  ],
  ["developer.work.weixin.qq.com/document/path/92093", "POST /cgi-bin/service/contact/sort"],
  [
    "developer.work.weixin.qq.com/document/path/97194",
    "POST /cgi-bin/license/get_app_license_info",
  ],
  ["developer.work.weixin.qq.com/document/path/95644", "POST /cgi-bin/license/create_new_order"],
  ["developer.work.weixin.qq.com/document/path/95647", "POST /cgi-bin/license/list_order"],
];

const isComponentsOwn = new Set(componentByAccountName.flatMap(([, ...calls]) => calls));
const accountGroups: readonly PathGroup[] = [
  ...accountPaths,
  ...miniProgramPaths,
  ...moreMiniProgramPaths,
  ...commercePaths,
].map(([source, ...calls]) => [source, ...calls.filter((call) => !isComponentsOwn.has(call))]);

export const documentedPaths: readonly DocumentedPath[] = [
  ...rows("wechat", accountGroups),
  ...rows("wechat", componentByAccountName, "component"),
  ...rows("wechat", componentByItsName, "component", "component_access_token"),
  ...rows("wecom", wecomPaths),
  ...rows("wecom", suiteCalls, "suite", "suite_access_token"),
  ...rows("wecom", providerCalls, "provider", "provider_access_token"),
  ...rows(
    "wecom",
    [["developer.work.weixin.qq.com/document/path/91125", "POST /cgi-bin/service/get_login_info"]],
    "provider",
  ),
];
