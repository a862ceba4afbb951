/**
 * The kinds of push that the platforms document. A message of another kind is authentic too: it is
 * handed on and reported.
 */

export interface PushKind {
  readonly infoType: string;
  readonly platform: "open-platform" | "wecom";
  /** The page that documents it (read in November 2026). */
  readonly source: string;
}

const open = "https://developers.weixin.qq.com/doc/oplatform/";
const wecom = "https://developer.work.weixin.qq.com/document/path/";

const rows: readonly (readonly [PushKind["platform"], string, ...string[]])[] = [
  [
    "open-platform",
    `${open}Third-party_Platforms/2.0/api/Before_Develop/component_verify_ticket.html`,
    "component_verify_ticket",
  ],
  [
    "open-platform",
    `${open}Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html`,
    "authorized",
    "updateauthorized",
    "unauthorized",
  ],
  [
    "open-platform",
    `${open}openApi/OpenApiDoc/register-management/fast-registration-ent/registerMiniprogram.html`,
    "notify_third_fasteregister",
    "notify_third_fastregisterbetaapp",
    "notify_third_fastverifybetaapp",
  ],
  ["wecom", `${wecom}90628`, "suite_ticket"],
  ["wecom", `${wecom}90642`, "create_auth", "change_auth", "cancel_auth"],
  ["wecom", `${wecom}97175`, "reset_permanent_code"],
  ["wecom", `${wecom}90585`, "register_corp"],
  ["wecom", `${wecom}90639`, "change_contact"],
  ["wecom", `${wecom}92277`, "change_external_contact"],
];

export const pushKinds: readonly PushKind[] = rows.flatMap(([platform, source, ...infoTypes]) =>
  infoTypes.map((infoType) => ({ infoType, platform, source })),
);
