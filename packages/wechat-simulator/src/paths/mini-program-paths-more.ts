/**
 * More APIs of mini programs, by the pages of other products, as data: a page, then the method
 * (both where the page gives none) and path of each API that it documents.
 */
import type { PathGroup } from "./documented-path.ts";

export const moreMiniProgramPaths: readonly PathGroup[] = [
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code_template/gettemplatelist.html",
    "GET /wxa/gettemplatelist",
    "GET /wxa/gettemplatedraftlist",
    "POST /wxa/addtotemplate",
    "POST /wxa/deletetemplate",
  ],
  [
    "open.weixin.qq.com/cgi-bin/showdocument?action=dir_list&id=open1500465446_j4CgR",
    "POST /cgi-bin/wxopen/template/add",
    "POST /cgi-bin/wxopen/template/del",
    "POST /cgi-bin/wxopen/template/library/get",
    "POST /cgi-bin/wxopen/template/library/list",
    "POST /cgi-bin/wxopen/template/list",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Shop_Miniprogram_Interface.html",
    "POST /wxa/add_store",
    "POST /wxa/applywxastore",
    "POST /wxa/create_map_poi",
    "POST /wxa/del_store",
    "GET /wxa/get_district",
    "GET /wxa/get_merchant_audit_info",
    "GET /wxa/get_merchant_category",
    "POST /wxa/get_store_info",
    "POST /wxa/get_store_list",
    "POST /wxa/modify_merchant",
    "POST /wxa/search_map_poi",
    "POST /wxa/update_store",
  ],
  [
    "open.weixin.qq.com/cgi-bin/showdocument?action=dir_list&id=open1489140588_nVUgx",
    "POST /wxa/bind_tester",
    "POST /wxa/unbind_tester",
  ],
  [
    "open.weixin.qq.com/cgi-bin/showdocument?action=dir_list&id=open1489140610_Uavc4",
    "POST /wxa/change_visitstatus",
    "POST /wxa/commit",
    "POST /wxa/get_auditstatus",
    "GET /wxa/get_category",
    "GET /wxa/get_latest_auditstatus",
    "GET /wxa/get_page",
    "GET /wxa/get_qrcode",
    "POST /wxa/release",
  ],
  [
    "open.weixin.qq.com/cgi-bin/showdocument?action=dir_list&id=open1489138143_WPbOO",
    "POST /wxa/modify_domain",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Mini_Programs/code/query_quota.html",
    "GET /wxa/queryquota",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Mini_Programs/code/revertcoderelease.html",
    "GET /wxa/revertcoderelease",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Mini_Programs/code/speedup_audit.html",
    "POST /wxa/speedupaudit",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Mini_Programs/code/submit_audit.html",
    "POST /wxa/submit_audit",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/Mini_Programs/code/undocodeaudit.html",
    "GET /wxa/undocodeaudit",
  ],
];
