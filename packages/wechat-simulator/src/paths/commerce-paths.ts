/**
 * Coupons, invoices, shops and devices, as data: a page, then the method (both where the page gives
 * none) and path of each API that it documents.
 */
import type { PathGroup } from "./documented-path.ts";

export const commercePaths: readonly PathGroup[] = [
  [
    "mp.weixin.qq.com/wiki/10/6232005bdc497f7cf8e19d4e843c70d2.html",
    "POST /bizwifi/device/add",
    "POST /bizwifi/device/delete",
    "POST /bizwifi/device/list",
  ],
  [
    "mp.weixin.qq.com/wiki/6/2732f3cf83947e0e4971aa8797ee9d6a.html",
    "POST /bizwifi/homepage/get",
    "POST /bizwifi/homepage/set",
  ],
  ["mp.weixin.qq.com/wiki/7/fcd0378ef00617fc276be2b3baa80973.html", "POST /bizwifi/qrcode/get"],
  [
    "mp.weixin.qq.com/wiki/15/bcfb5d4578ea818b89913472cf2bbf8f.html",
    "POST /bizwifi/shop/get",
    "POST /bizwifi/shop/list",
  ],
  [
    "mp.weixin.qq.com/wiki/8/dfa2b756b66fca5d9b1211bc18812698.html",
    "POST /bizwifi/statistics/list",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Managing_Coupons_Vouchers_and_Cards.html",
    "POST /card/batchget",
    "POST /card/code/get",
    "POST /card/code/unavailable",
    "POST /card/code/update",
    "POST /card/delete",
    "POST /card/get",
    "POST /card/update",
    "POST /card/user/getcardlist",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Special_ticket.html",
    "POST /card/boardingpass/checkin",
    "POST /card/movieticket/updateuser",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Redeeming_a_coupon_voucher_or_card.html",
    "POST /card/code/consume",
    "POST /card/code/decrypt",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Create_a_Coupon_Voucher_or_Card.html",
    "POST /card/create",
    "POST /card/paycell/set",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/Quick_issuing/Interface_Instructions.html",
    "POST /card/invoice/biz/getselecttitleurl",
    "POST /card/invoice/biz/getusertitleurl",
    "POST /card/invoice/scantitle",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html",
    "POST /card/invoice/getauthdata",
    "POST /card/invoice/getauthurl",
    "POST /card/invoice/rejectinsert",
    "POST /card/invoice/setbizattr",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Invoicing_Platform_API_List.html",
    "POST /card/invoice/insert",
    "POST /card/invoice/platform/createcard",
    "POST /card/invoice/platform/getpdf",
    "POST /card/invoice/platform/setpdf",
    "POST /card/invoice/platform/updatestatus",
    "POST /card/invoice/seturl",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/Auto-print/API_Documentation.html",
    "POST /card/invoice/reimburse/getinvoiceinfo",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Reimburser_API_List.html",
    "POST /card/invoice/reimburse/updateinvoicestatus",
    "POST /card/invoice/reimburse/updatestatusbatch",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Distributing_Coupons_Vouchers_and_Cards.html",
    "POST /card/landingpage/create",
    "POST /card/mpnews/gethtml",
    "POST /card/qrcode/create",
    "POST /card/testwhitelist/set",
  ],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Membership_Cards/Create_a_membership_card.html",
    "POST /card/membercard/activate",
    "POST /card/membercard/activatetempinfo/get",
    "POST /card/membercard/activateuserform/set",
    "POST /card/membercard/updateuser",
    "POST /card/membercard/userinfo/get",
  ],
  ["mp.weixin.qq.com/wiki?id=mp1499332673_Unm7V", "POST /card/membercard/activate/geturl"],
  [
    "developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Membership_Cards/Manage_Member_Card.html",
    "POST /card/paygiftcard/add",
    "POST /card/paygiftcard/batchget",
    "POST /card/paygiftcard/delete",
    "POST /card/paygiftcard/getbyid",
  ],
  ["iot.weixin.qq.com/wiki/new/index.html?page=3-4-5", "POST /device/authorize_device"],
  [
    "iot.weixin.qq.com/wiki/new/index.html?page=3-4-7",
    "POST /device/bind",
    "POST /device/compel_bind",
    "POST /device/compel_unbind",
    "POST /device/unbind",
  ],
  [
    "iot.weixin.qq.com/wiki/new/index.html?page=3-4-4",
    "POST /device/create_qrcode",
    "GET /device/getqrcode",
  ],
  ["iot.weixin.qq.com/wiki/new/index.html?page=3-4-12", "GET /device/get_bind_device"],
  ["iot.weixin.qq.com/wiki/new/index.html?page=3-4-11", "GET /device/get_openid"],
  ["iot.weixin.qq.com/wiki/new/index.html?page=3-4-8", "GET /device/get_stat"],
  ["iot.weixin.qq.com/wiki/document-2_10.html", "POST /device/transmsg"],
  ["iot.weixin.qq.com/wiki/new/index.html?page=3-4-9", "POST /device/verify_qrcode"],
  [
    "mp.weixin.qq.com/wiki/6/c61604ff6890d386d6227945ad4a68d2.html",
    "GET /scan/merchantinfo/get",
    "POST /scan/product/create",
  ],
  [
    "mp.weixin.qq.com/wiki/15/7fa787701295b884410b5163e13313af.html",
    "POST /scan/product/clear",
    "POST /scan/product/get",
    "POST /scan/product/getlist",
    "POST /scan/product/update",
    "POST /scan/scanticket/check",
  ],
  [
    "mp.weixin.qq.com/wiki/15/1007691d0f1c10a0588c6517f12ed70f.html",
    "POST /scan/product/modstatus",
    "POST /scan/testwhitelist/set",
  ],
  [
    "mp.weixin.qq.com/wiki/15/b9e012f917e3484b7ed02771156411f3.html",
    "POST /shakearound/device/applyid",
    "POST /shakearound/device/applystatus",
    "POST /shakearound/device/bindlocation",
    "POST /shakearound/device/search",
    "POST /shakearound/device/update",
  ],
  [
    "mp.weixin.qq.com/wiki/12/c8120214ec0ba08af5dfcc0da1a11400.html",
    "POST /shakearound/device/bindpage",
  ],
  [
    "mp.weixin.qq.com/wiki/5/e997428269ff189d8f9a4b9e177be2d9.html",
    "POST /shakearound/material/add",
  ],
  [
    "mp.weixin.qq.com/wiki/5/6626199ea8757c752046d8e46cf13251.html",
    "POST /shakearound/page/add",
    "POST /shakearound/page/delete",
    "POST /shakearound/page/search",
    "POST /shakearound/page/update",
  ],
  [
    "mp.weixin.qq.com/wiki/0/8a24bcacad40fe7ee98d1573cb8a6764.html",
    "POST /shakearound/statistics/device",
    "POST /shakearound/statistics/page",
  ],
  [
    "mp.weixin.qq.com/wiki/3/34904a5db3d0ec7bb5306335b8da1faf.html",
    "POST /shakearound/user/getshakeinfo",
  ],
];
