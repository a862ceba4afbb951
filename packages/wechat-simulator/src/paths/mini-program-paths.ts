/**
 * The APIs of mini programs, by their own pages, as data: a page, then the method (both where the
 * page gives none) and path of each API that it documents.
 */
import type { PathGroup } from "./documented-path.ts";

export const miniProgramPaths: readonly PathGroup[] = [
  [
    "developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html",
    "POST /wxa/business/getuserphonenumber",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/subscribe-message/subscribeMessage.send.html",
    "POST /cgi-bin/message/subscribe/send",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/qr-code/wxacode.createQRCode.html",
    "POST /cgi-bin/wxaapp/createwxaqrcode",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/ocr/ocr.businessLicense.html",
    "POST /cv/ocr/bizlicense",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/ocr/ocr.idcard.html",
    "POST /cv/ocr/idcard",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/storage/batchDeleteFile.html",
    "POST /tcb/batchdeletefile",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/storage/batchDownloadFile.html",
    "POST /tcb/batchdownloadfile",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseAdd.html",
    "POST /tcb/databaseadd",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseAggregate.html",
    "POST /tcb/databaseaggregate",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseCollectionAdd.html",
    "POST /tcb/databasecollectionadd",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseCollectionDelete.html",
    "POST /tcb/databasecollectiondelete",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseCollectionGet.html",
    "POST /tcb/databasecollectionget",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseCount.html",
    "POST /tcb/databasecount",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseDelete.html",
    "POST /tcb/databasedelete",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseMigrateExport.html",
    "POST /tcb/databasemigrateexport",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseMigrateImport.html",
    "POST /tcb/databasemigrateimport",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseMigrateQueryInfo.html",
    "POST /tcb/databasemigratequeryinfo",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseQuery.html",
    "POST /tcb/databasequery",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/databaseUpdate.html",
    "POST /tcb/databaseupdate",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/utils/getQcloudToken.html",
    "POST /tcb/getqcloudtoken",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/functions/invokeCloudFunction.html",
    "POST /tcb/invokecloudfunction",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/database/updateIndex.html",
    "POST /tcb/updateindex",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/wxcloud/reference-http-api/storage/uploadFile.html",
    "POST /tcb/uploadfile",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/url-link/urllink.generate.html",
    "POST /wxa/generate_urllink",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/url-scheme/urlscheme.generate.html",
    "POST /wxa/generatescheme",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/user-info/auth.getPaidUnionId.html",
    "GET /wxa/getpaidunionid",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/qr-code/wxacode.get.html",
    "POST /wxa/getwxacode",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/qr-code/wxacode.getUnlimited.html",
    "POST /wxa/getwxacodeunlimit",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check/security.imgSecCheck.html",
    "POST /wxa/img_sec_check",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check/security.mediaCheckAsync.html",
    "POST /wxa/media_check_async",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check/security.msgSecCheck.html",
    "POST /wxa/msg_sec_check",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.getBindAccount.html",
    "/cgi-bin/express/local/business/shop/get",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.getOrder.html",
    "/cgi-bin/express/local/business/order/get",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.addOrder.html",
    "/cgi-bin/express/local/business/order/add",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.reOrder.html",
    "/cgi-bin/express/local/business/order/readd",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.addTip.html",
    "/cgi-bin/express/local/business/order/addtips",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/immediate-delivery/by-business/immediateDelivery.cancelOrder.html",
    "/cgi-bin/express/local/business/order/cancel",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping.html",
    "/wxa/sec/order/is_trade_managed",
    "/wxa/sec/order/upload_shipping_info",
    "/wxa/sec/order/get_order",
    "/wxa/sec/order/get_order_list",
    "/wxa/sec/order/set_msg_jump_path",
  ],
  [
    "developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/promoter/instruction/instruction.html",
    "/promoter/addrole",
  ],
];
