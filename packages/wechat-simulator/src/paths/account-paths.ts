/**
 * The APIs of official accounts and those that all accounts share, as data: a page, then the method
 * (both where the page gives none) and path of each API that it documents.
 */
import type { PathGroup } from "./documented-path.ts";

export const accountPaths: readonly PathGroup[] = [
  [
    "developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html",
    "POST /cgi-bin/message/custom/send",
    "POST /cgi-bin/message/custom/typing",
    "GET /customservice/getkflist",
    "POST /customservice/kfaccount/add",
    "GET /customservice/kfaccount/del",
    "POST /customservice/kfaccount/update",
    "POST /customservice/kfaccount/uploadheadimg",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html",
    "POST /cgi-bin/media/upload",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Adding_Permanent_Assets.html",
    "POST /cgi-bin/media/uploadimg",
    "POST /cgi-bin/material/add_material",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html",
    "POST /cgi-bin/message/mass/sendall",
    "POST /cgi-bin/message/mass/send",
    "POST /cgi-bin/message/mass/preview",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Basic_Information/Get_the_WeChat_server_IP_address.html",
    "GET /cgi-bin/get_api_domain_ip",
    "GET /cgi-bin/getcallbackip",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/openApi/clear_quota.html",
    "POST /cgi-bin/clear_quota",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/openApi/get_rid_info.html",
    "POST /cgi-bin/openapi/rid/get",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/privacy_config/set_privacy_setting.html",
    "POST /cgi-bin/component/setprivacysetting",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/privacy_config/get_privacy_setting.html",
    "POST /cgi-bin/component/getprivacysetting",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/privacy_config/upload_privacy_exfile.html",
    "POST /cgi-bin/component/uploadprivacyextfile",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Store_Interface.html",
    "GET /cgi-bin/api_getwxcategory",
    "POST /cgi-bin/poi/addpoi",
    "POST /cgi-bin/poi/delpoi",
    "POST /cgi-bin/poi/getpoi",
    "POST /cgi-bin/poi/getpoilist",
    "POST /cgi-bin/poi/updatepoi",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Basic_Information/Network_Detection.html",
    "POST /cgi-bin/callback/check",
  ],
  ["mp.weixin.qq.com/wiki?id=mp1494572718_WzHIY", "POST /cgi-bin/comment/open"],
  ["developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html", "POST /cgi-bin/draft/add"],
  [
    "developers.weixin.qq.com/doc/offiaccount/Draft_Box/Get_draft_list.html",
    "POST /cgi-bin/draft/batchget",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Draft_Box/Count_drafts.html",
    "GET /cgi-bin/draft/count",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Draft_Box/Delete_draft.html",
    "POST /cgi-bin/draft/delete",
  ],
  ["developers.weixin.qq.com/doc/offiaccount/Draft_Box/Get_draft.html", "POST /cgi-bin/draft/get"],
  [
    "developers.weixin.qq.com/doc/offiaccount/Draft_Box/Update_draft.html",
    "POST /cgi-bin/draft/update",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Publish/Get_publication_records.html",
    "POST /cgi-bin/freepublish/batchget",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Publish/Delete_posts.html",
    "POST /cgi-bin/freepublish/delete",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Publish/Get_status.html",
    "POST /cgi-bin/freepublish/get",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Publish/Get_article_from_id.html",
    "POST /cgi-bin/freepublish/getarticle",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Publish/Publish.html",
    "POST /cgi-bin/freepublish/submit",
  ],
  [
    "mp.weixin.qq.com/wiki/7/7b5789bb1262fb866d01b4b40b0efecb.html",
    "GET /cgi-bin/get_current_autoreply_info",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Getting_Custom_Menu_Configurations.html",
    "GET /cgi-bin/get_current_selfmenu_info",
  ],
  [
    "mp.weixin.qq.com/wiki/0/56d992c605a97245eb7e617854b169fc.html",
    "POST /cgi-bin/groups/create",
    "POST /cgi-bin/groups/delete",
    "GET /cgi-bin/groups/get",
    "POST /cgi-bin/groups/getid",
    "POST /cgi-bin/groups/update",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_materials_list.html",
    "POST /cgi-bin/material/batchget_material",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Deleting_Permanent_Assets.html",
    "POST /cgi-bin/material/del_material",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Getting_Permanent_Assets.html",
    "POST /cgi-bin/material/get_material",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_the_total_of_all_materials.html",
    "GET /cgi-bin/material/get_materialcount",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_temporary_materials.html",
    "GET /cgi-bin/media/get",
  ],
  [
    "mp.weixin.qq.com/wiki/15/5380a4e6f02f2ffdc7981a8ed7a40753.html",
    "POST /cgi-bin/media/uploadnews",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Personalized_menu_interface.html",
    "POST /cgi-bin/menu/addconditional",
    "POST /cgi-bin/menu/delconditional",
    "POST /cgi-bin/menu/trymatch",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Creating_Custom-Defined_Menu.html",
    "POST /cgi-bin/menu/create",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Deleting_Custom-Defined_Menu.html",
    "GET /cgi-bin/menu/delete",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Querying_Custom_Menus.html",
    "GET /cgi-bin/menu/get",
  ],
  [
    "mp.weixin.qq.com/wiki?id=mp1481187827_i0l21",
    "POST /cgi-bin/message/mass/delete",
    "POST /cgi-bin/message/mass/get",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html",
    "POST /cgi-bin/message/subscribe/bizsend",
    "POST /wxaapi/newtmpl/addtemplate",
    "POST /wxaapi/newtmpl/deltemplate",
    "GET /wxaapi/newtmpl/getcategory",
    "GET /wxaapi/newtmpl/getpubtemplatekeywords",
    "GET /wxaapi/newtmpl/getpubtemplatetitles",
    "GET /wxaapi/newtmpl/gettemplate",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html",
    "POST /cgi-bin/message/template/send",
    "POST /cgi-bin/template/api_add_template",
    "POST /cgi-bin/template/api_set_industry",
    "POST /cgi-bin/template/del_private_template",
    "GET /cgi-bin/template/get_all_private_template",
    "GET /cgi-bin/template/get_industry",
  ],
  ["mp.weixin.qq.com/wiki?id=mp1500374289_66bvB", "POST /cgi-bin/message/template/subscribe"],
  [
    "mp.weixin.qq.com/debug/wxadoc/dev/api/notice.html",
    "POST /cgi-bin/message/wxopen/template/send",
  ],
  [
    "open.weixin.qq.com/cgi-bin/showdocument?action=dir_list&id=open1498704199_1bcax",
    "POST /cgi-bin/open/bind",
    "POST /cgi-bin/open/create",
    "POST /cgi-bin/open/get",
    "POST /cgi-bin/open/unbind",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Account_Management/Generating_a_Parametric_QR_Code.html",
    "POST /cgi-bin/qrcode/create",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Account_Management/URL_Shortener.html",
    "POST /cgi-bin/shorturl",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html",
    "POST /cgi-bin/tags/create",
    "POST /cgi-bin/tags/delete",
    "GET /cgi-bin/tags/get",
    "POST /cgi-bin/tags/getidlist",
    "POST /cgi-bin/tags/members/batchtagging",
    "POST /cgi-bin/tags/members/batchuntagging",
    "POST /cgi-bin/tags/update",
    "POST /cgi-bin/user/tag/get",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/User_Management/Manage_blacklist.html",
    "POST /cgi-bin/tags/members/batchblacklist",
    "POST /cgi-bin/tags/members/batchunblacklist",
    "POST /cgi-bin/tags/members/getblacklist",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/User_Management/Getting_a_User_List.html",
    "GET /cgi-bin/user/get",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html",
    "GET /cgi-bin/user/info",
    "POST /cgi-bin/user/info/batchget",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/User_Management/Configuring_user_notes.html",
    "POST /cgi-bin/user/info/updateremark",
  ],
  [
    "mp.weixin.qq.com/wiki/9/6fff6f191ef92c126b043ada035cc935.html",
    "GET /customservice/getonlinekflist",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control.html",
    "POST /customservice/kfsession/close",
    "POST /customservice/kfsession/create",
    "GET /customservice/kfsession/getsession",
    "GET /customservice/kfsession/getsessionlist",
    "GET /customservice/kfsession/getwaitcase",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Customer_Service/Obtain_chat_transcript.html",
    "POST /customservice/msgrecord/getmsglist",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Analytics/Graphic_Analysis_Data_Interface.html",
    "POST /datacube/getarticlesummary",
    "POST /datacube/getarticletotal",
    "POST /datacube/getuserread",
    "POST /datacube/getuserreadhour",
    "POST /datacube/getusershare",
    "POST /datacube/getusersharehour",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Analytics/Analytics_API.html",
    "POST /datacube/getinterfacesummary",
    "POST /datacube/getinterfacesummaryhour",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Analytics/Message_analysis_data_interface.html",
    "POST /datacube/getupstreammsg",
    "POST /datacube/getupstreammsgdist",
    "POST /datacube/getupstreammsgdistmonth",
    "POST /datacube/getupstreammsgdistweek",
    "POST /datacube/getupstreammsghour",
    "POST /datacube/getupstreammsgweek",
  ],
  [
    "mp.weixin.qq.com/wiki/12/32d42ad542f2e4fc8a8aa60e1bce9838.html",
    "POST /datacube/getupstreammsgmonth",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Analytics/User_Analysis_Data_Interface.html",
    "POST /datacube/getusercumulate",
    "POST /datacube/getusersummary",
  ],
  [
    "developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/category/getallcategories.html",
    "/cgi-bin/account/getaccountbasicinfo",
  ],
];
