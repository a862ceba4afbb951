/**
 * The answers of the documented APIs beside `errcode`: enough for code that reads the answer. Field
 * names are the platform's.
 */
import type { Random } from "@lingpai/core";

export interface BodySource {
  readonly random: Random;
  /** Seconds since the Unix epoch. */
  readonly nowS: number;
}

/** A picture of one pixel. The QR code APIs answer with a picture, not with JSON. */
const picture = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

const bodies: ReadonlyMap<string, (source: BodySource) => object> = new Map<
  string,
  (source: BodySource) => object
>([
  ["/cgi-bin/get_api_domain_ip", () => ({ ip_list: ["101.226.212.27"] })],
  ["/cgi-bin/getcallbackip", () => ({ ip_list: ["101.226.103.0/25"] })],
  [
    "/cgi-bin/user/get",
    () => ({ total: 1, count: 1, data: { openid: ["o1"] }, next_openid: "o1" }),
  ],
  [
    "/cgi-bin/user/info/batchget",
    () => ({ user_info_list: [{ subscribe: 1, openid: "o1", language: "zh_CN" }] }),
  ],
  ["/cgi-bin/tags/get", () => ({ tags: [{ id: 2, name: "group", count: 0 }] })],
  ["/cgi-bin/tags/create", () => ({ tag: { id: 100, name: "tag" } })],
  ["/cgi-bin/menu/get", () => ({ menu: { button: [] } })],
  [
    "/cgi-bin/get_current_selfmenu_info",
    () => ({ is_menu_open: 1, selfmenu_info: { button: [] } }),
  ],
  ["/cgi-bin/menu/addconditional", () => ({ menuid: "208379533" })],
  ["/cgi-bin/message/template/send", () => ({ msgid: 200228332 })],
  ["/cgi-bin/message/mass/sendall", () => ({ msg_id: 34182, msg_data_id: 206227730 })],
  [
    "/cgi-bin/media/upload",
    ({ random, nowS }) => ({ type: "image", media_id: random.id(), created_at: nowS }),
  ],
  ["/cgi-bin/media/uploadimg", () => ({ url: "https://mmbiz.qpic.cn/simulated/0" })],
  [
    "/cgi-bin/material/add_material",
    ({ random }) => ({ media_id: random.id(), url: "https://mmbiz.qpic.cn/simulated/0" }),
  ],
  [
    "/cgi-bin/material/get_materialcount",
    () => ({ voice_count: 0, video_count: 0, image_count: 0, news_count: 0 }),
  ],
  ["/cgi-bin/material/batchget_material", () => ({ total_count: 0, item_count: 0, item: [] })],
  ["/cgi-bin/draft/add", ({ random }) => ({ media_id: random.id() })],
  ["/cgi-bin/draft/count", () => ({ total_count: 0 })],
  ["/cgi-bin/draft/batchget", () => ({ total_count: 0, item_count: 0, item: [] })],
  ["/cgi-bin/freepublish/submit", () => ({ publish_id: "100000001", msg_data_id: "206227730" })],
  [
    "/cgi-bin/qrcode/create",
    ({ random }) => ({
      ticket: random.id(),
      expire_seconds: 60,
      url: "http://weixin.qq.com/q/simulated",
    }),
  ],
  ["/cgi-bin/shorturl", () => ({ short_url: "https://w.url.cn/s/simulated" })],
  ["/cgi-bin/template/api_add_template", ({ random }) => ({ template_id: random.id() })],
  ["/cgi-bin/template/get_all_private_template", () => ({ template_list: [] })],
  ["/customservice/getkflist", () => ({ kf_list: [] })],
  ["/customservice/kfsession/getsessionlist", () => ({ sessionlist: [] })],
  ["/wxa/business/getuserphonenumber", ({ nowS }) => ({ phone_info: phoneAt(nowS) })],
  ["/wxa/generatescheme", () => ({ openlink: "weixin://dl/business/?t=simulated" })],
  ["/wxa/generate_urllink", () => ({ url_link: "https://wxaurl.cn/simulated" })],
  [
    "/wxa/msg_sec_check",
    ({ random }) => ({ result: { suggest: "pass", label: 100 }, trace_id: random.id() }),
  ],
  ["/wxa/media_check_async", ({ random }) => ({ trace_id: random.id() })],
  ["/wxa/getwxacode", () => picture],
  ["/wxa/getwxacodeunlimit", () => picture],
  ["/cgi-bin/wxaapp/createwxaqrcode", () => picture],
  ["/wxa/get_qrcode", () => picture],
  ["/cgi-bin/media/get", () => picture],
  ["/wxa/submit_audit", () => ({ auditid: 1234567 })],
  ["/wxa/get_auditstatus", () => ({ status: 0, reason: "" })],
  ["/wxa/get_latest_auditstatus", () => ({ auditid: 1234567, status: 0 })],
  ["/wxa/get_category", () => ({ category_list: [] })],
  ["/wxa/get_page", () => ({ page_list: ["pages/index/index"] })],
  ["/wxa/gettemplatelist", () => ({ template_list: [] })],
  ["/wxa/gettemplatedraftlist", () => ({ draft_list: [] })],
  [
    "/cgi-bin/component/getprivacysetting",
    ({ nowS }) => ({ code_exist: 1, privacy_list: [], setting_list: [], update_time: nowS }),
  ],
  ["/cgi-bin/message/send", ({ random }) => ({ invaliduser: "", msgid: random.id() })],
  ["/cgi-bin/auth/getuserinfo", () => ({ userid: "u1" })],
  ["/cgi-bin/user/getuserinfo", () => ({ UserId: "u1", DeviceId: "" })],
  ["/cgi-bin/user/list", () => ({ userlist: [] })],
  ["/cgi-bin/user/simplelist", () => ({ userlist: [] })],
  [
    "/cgi-bin/department/list",
    () => ({ department: [{ id: 1, name: "corp", parentid: 0, order: 1 }] }),
  ],
  ["/cgi-bin/agent/get", () => ({ agentid: 1000002, name: "app", close: 0 })],
  ["/cgi-bin/externalcontact/list", () => ({ external_userid: [] })],
  ["/cgi-bin/kf/sync_msg", () => ({ next_cursor: "", has_more: 0, msg_list: [] })],
  [
    "/cgi-bin/service/corpid_to_opencorpid",
    () => ({ open_corpid: "wpSimulated00000000000000000000000" }),
  ],
]);

function phoneAt(timestamp: number): object {
  const watermark = { timestamp, appid: "wx0123456789abcdef" };
  return {
    phoneNumber: "13800138000",
    purePhoneNumber: "13800138000",
    countryCode: "86",
    watermark,
  };
}

/** The body for this path: bytes for a picture, else the fields beside `errcode`. */
export function plausibleBody(path: string, source: BodySource): object {
  return bodies.get(path)?.(source) ?? {};
}
