/**
 * Rows for bad inputs from configuration, callers and the platform. Bad values in the store are in
 * {@link badRecords}.
 */
import type { Row } from "./row.ts";

const id = "wechat/validate: %s is refused, with the place and at most four characters";
const secret = "wechat/validate: %s is refused and not shown";
const rules = "core/parameters: name the broken rule %s and a setting that would satisfy it";
const answered = "wechat/issuers: with %s has its outcome";
const names = "conformance/prefix-names: wildcards, braces, separators, control characters";

export const badInputs: readonly Row[] = [
  {
    id: "1",
    what: "A prefix that is empty or longer than 1 kB",
    outcome: "Refused at construction.",
    by: [
      "conformance/prefix-names: an empty prefix is refused",
      "core/prefix: when a part is longer than 1024 bytes",
    ],
  },
  {
    id: "2",
    what: "A prefix with a colon",
    outcome: "It is encoded as one segment, and never becomes another path.",
    by: ['conformance/prefix-isolation: withPrefix("a").withPrefix("b") and withPrefix("a:b")'],
  },
  {
    id: "3",
    what: "A prefix with braces",
    outcome: "Encoded. In a Cluster client's own key prefix it is refused.",
    by: [
      names,
      "adapter-ioredis/cluster-prefix: is refused before any command is sent when its keyPrefix",
    ],
  },
  {
    id: "4",
    what: "A prefix with wildcards",
    outcome: "Encoded. It never becomes part of a pattern.",
    by: [names, "redis/layout: quote the glob characters"],
  },
  {
    id: "5",
    what: "A prefix with line ends, NUL, emoji or half a surrogate pair",
    outcome: "Encoded. Half a pair is refused.",
    by: [names, "conformance/prefix-names: half a surrogate pair"],
  },
  {
    id: "6",
    what: "A prefix named `__proto__` or `constructor`",
    outcome: "A name like any other.",
    by: ["core/prefix: is parsed into its path and key"],
  },
  {
    id: "7",
    what: "An AppID with a space or a line end",
    outcome: "Refused with its position. At most four characters are shown.",
    by: [id],
  },
  {
    id: "8",
    what: "An original id (`gh_…`) or a secret in place of an AppID",
    outcome: "Refused. The error says what it is.",
    by: [id],
  },
  {
    id: "9",
    what: "An AppID with full-width digits or a byte order mark",
    outcome: "Refused with the position.",
    by: [id],
  },
  {
    id: "10",
    what: "An AppID that is far too long",
    outcome: "Refused. An unknown form of plausible length is accepted.",
    by: [id],
  },
  {
    id: "11",
    what: "An AppID with `a}:{b` in it",
    outcome: "Refused. As a key it is encoded.",
    by: [id, names],
  },
  {
    id: "12",
    what: "A secret that is empty, undefined or a placeholder",
    outcome: "Refused at construction.",
    by: [secret],
  },
  {
    id: "13",
    what: "A secret that ends in a line end",
    outcome: "Refused, or trimmed with `trim`.",
    by: [secret, "wechat/validate: from a mounted file is accepted with trim"],
  },
  {
    id: "14",
    what: "Windows that contradict each other, NaN, Infinity, or texts as numbers",
    outcome: "Refused with the rule's name and a valid value.",
    by: [rules, "core/parameters: refuse a text instead of a number"],
  },
  { id: "15", what: "A lease shorter than a fetch", outcome: "Refused: P1.", by: [rules] },
  {
    id: "16",
    what: "A lease with a fraction, or longer than a timer supports",
    outcome: "Refused: P6.",
    by: [rules],
  },
  {
    id: "17",
    what: "A fleet of 0 or 10^12 nodes",
    outcome: "Clamped to 2 … 10^7.",
    by: ["core/parameters: clamp the estimate of the fleet's size"],
  },
  {
    id: "18",
    what: "A quota below 20 a day",
    outcome: "Refused, because it is too small for refreshes.",
    by: [rules],
  },
  {
    id: "19",
    what: "`{}` as the platform's answer",
    outcome: "Invalid. Whether the platform issued a token is unknown.",
    by: [answered],
  },
  {
    id: "20",
    what: "A token that is empty, null, a number or an object",
    outcome: "Invalid.",
    by: ["wechat/answer: that %s is invalid"],
  },
  {
    id: "21",
    what: "A token with spaces, control characters, or over 16 384 characters",
    outcome:
      "Invalid, because it would be injected into URLs and headers. A token that is too long causes one clear, final error.",
    by: [
      "wechat/answer: that %s is invalid",
      "core/secret-length: of more characters gives one final error after one fetch: %s",
    ],
  },
  {
    id: "22",
    what: "No `expires_in`",
    outcome: "The documented lifetime applies. Without one the answer is invalid.",
    by: ["wechat/answer: without expires_in is invalid"],
  },
  {
    id: "23",
    what: '`expires_in: "7200"`',
    outcome: "Accepted.",
    by: ["wechat/answer: with expires_in %j lives %d ms"],
  },
  {
    id: "24",
    what: "`expires_in` of 0, -1, 10^12, 7199.5",
    outcome: "Invalid. A fraction is rounded down.",
    by: [
      "wechat/answer: with expires_in %j is invalid",
      "wechat/answer: with expires_in %j lives %d ms",
    ],
  },
  { id: "25", what: '`errcode: "40001"`', outcome: "Read as the number.", by: [answered] },
  {
    id: "26",
    what: "`errcode: 0` with a token",
    outcome: "Success.",
    by: ["wechat/issuers: with errcode 0 and a token is a success"],
  },
  {
    id: "27",
    what: "An error with a token",
    outcome: "A failure of unknown outcome. The token is dropped.",
    by: [answered],
  },
  {
    id: "28",
    what: "A repeated key, a byte order mark, text after the end, JSON5",
    outcome: "The mark is removed. All others are invalid.",
    by: ["wechat/answer: %s is invalid", "wechat/answer: is read without its byte order mark"],
  },
  {
    id: "29",
    what: "A field named `__proto__`",
    outcome: "A field like any other.",
    by: ["wechat/answer: may name a field __proto__"],
  },
  {
    id: "30",
    what: "An answer of 100 MB, a decompression bomb, one byte a second",
    outcome: "The transfer ends after 64 KiB, or at the deadline.",
    by: [
      "wechat/answer: may have at most 64 KiB",
      "wechat/loopback: is unknown if the answer is compressed",
      "wechat/loopback: ends with its deadline however slowly the answer arrives",
    ],
  },
  {
    id: "31",
    what: "A redirect to another host",
    outcome: "Not followed.",
    by: ["wechat/loopback: follows no redirect"],
  },
  {
    id: "32",
    what: "An HTML page with HTTP 200",
    outcome: "Invalid, and never logged.",
    by: [answered],
  },
  {
    id: "33",
    what: "`Retry-After: 1000000000`, or a past date",
    outcome: "Clamped to 1 s … 10 min.",
    by: [answered],
  },
  {
    id: "34",
    what: "401 or 403 with `invalid_client`",
    outcome: "Fatal, judged by the parsed field alone.",
    by: [answered],
  },
];
