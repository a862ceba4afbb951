/**
 * The Lua scripts. They are constant texts: every key is in KEYS and every value in ARGV. So a
 * Cluster can route them, access rules can check them, and no script is ever built from data.
 *
 * A command takes its key as `KEYS[n]` in the call itself, never from a local variable or a
 * parameter. Services that check scripts before they run them refuse everything else (Alibaba
 * Cloud, `script_check_enable`, help.aliyun.com/document_detail/92942.html, 2026-11).
 *
 * A failed announcement does not undo its change: if the user may not PUBLISH, the change is made
 * and the reply says so.
 *
 * A script that is sent twice has the effect of one, because drivers resend a command whose reply
 * was lost. The scripts need Redis 5 or newer, or any server with its protocol and EVAL.
 */
import { createHash } from "node:crypto";

export interface Script {
  /** Its name in errors and probes. */
  readonly name: string;
  readonly text: string;
  /** Its digest, for EVALSHA. */
  readonly sha: string;
  /** True if it changes nothing, so a late one is harmless. */
  readonly readsOnly: boolean;
}

function script(name: string, text: string, readsOnly = false): Script {
  const trimmed = text.trim();
  return { name, text: trimmed, sha: createHash("sha1").update(trimmed).digest("hex"), readsOnly };
}

const now = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/**
 * The stored version of KEYS[1]; nil when nothing is stored; false, and whether it is of a later
 * layout, when what is stored is foreign.
 */
const stored = `
local function stored()
  local head = redis.call('GETRANGE', KEYS[1], 0, 79)
  if head == '' and redis.call('EXISTS', KEYS[1]) == 0 then return nil end
  local version = string.match(head, '^lp1:([%w_-]+):')
  if version then return version end
  return false, string.match(head, '^lp%d+:') and not string.match(head, '^lp1:')
end`;

/**
 * Whether the change of KEYS[1] was announced. Greedy, so that braces in a client's own key prefix
 * do not end the scope.
 */
const announce = `
local function announce()
  local channel = string.match(KEYS[1], '^.*{') .. '}::changes'
  return type(redis.pcall('PUBLISH', channel, KEYS[1])) ~= 'table'
end`;

/** KEYS entry → { text or nil, PTTL, store ms } */
export const getScript: Script = script(
  "get",
  `${now}
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]), now() }`,
  true,
);

/**
 * KEYS entry; ARGV version, ttl ms or '', condition ('' any, '*' absent, else a version), value → {
 * 1 written | 2 written, not announced | 0 conflict | -1 foreign | -2 of a later layout, version or
 * nil, store ms }
 */
export const setScript: Script = script(
  "set",
  `${now}${stored}${announce}
local version, foreign = stored()
if version == false then return { foreign and -2 or -1, false, now() } end
if version == ARGV[1] then return { 1, version, now() } end
if ARGV[3] == '*' and version or ARGV[3] ~= '' and ARGV[3] ~= '*' and ARGV[3] ~= version then
  return { 0, version or false, now() }
end
local text = 'lp1:' .. ARGV[1] .. ':' .. ARGV[4]
if ARGV[2] == '' then redis.call('SET', KEYS[1], text)
else redis.call('SET', KEYS[1], text, 'PX', ARGV[2]) end
return { announce() and 1 or 2, ARGV[1], now() }`,
);

/**
 * KEYS entry; ARGV the version that must be stored, or '' for whatever is there, foreign or not →
 * 1 gone | 2 gone, not announced | 0 nothing done | -1 foreign | -2 of a later layout
 */
export const deleteScript: Script = script(
  "delete",
  `${stored}${announce}
if ARGV[1] ~= '' then
  local version, foreign = stored()
  if version == false then return foreign and -2 or -1 end
  if version ~= ARGV[1] then return 0 end
end
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
return announce() and 1 or 2`,
);

/**
 * The owner and the fence of the lock KEYS[1], as texts; nil, nil when it is free; false when
 * something foreign is there, which counts as held. Only the wrong type is caught: a refusal must
 * not look like a lock.
 */
const holder = `
local function holder()
  local held = redis.pcall('GET', KEYS[1])
  if not held then return nil end
  if type(held) == 'table' then
    if string.find(held.err, 'WRONGTYPE', 1, true) then return false end
    error(held.err)
  end
  local fence, owner = string.match(held, '^(%d+):(.*)$')
  if not fence then return false end
  return owner, fence
end`;

/**
 * KEYS lock, fence; ARGV owner, ttl ms → { 1 granted, fence, store ms } | { 0 busy, PTTL, store ms
 * }
 *
 * The fence is written before the lock, and from the store's clock when the counter was lost or is
 * no number.
 */
export const acquireScript: Script = script(
  "acquire",
  `${now}${holder}
local owner, held = holder()
local left = redis.call('PTTL', KEYS[1])
if owner == ARGV[1] then
  if left < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return { 1, tonumber(held), now() }
end
if owner ~= nil then return { 0, left, now() } end
local last = redis.pcall('GET', KEYS[2])
if type(last) == 'table' and not string.find(last.err, 'WRONGTYPE', 1, true) then return last end
last = type(last) == 'string' and string.match(last, '^%d+$') and tonumber(last) or 0
if last >= 9007199254740991 then last = 0 end
local at = now()
local fence = string.format('%.0f', math.max(last + 1, at))
redis.call('SET', KEYS[2], fence)
redis.call('SET', KEYS[1], fence .. ':' .. ARGV[1], 'PX', ARGV[2])
return { 1, tonumber(fence), at }`,
);

/** KEYS lock; ARGV owner, ttl ms → 1 extended | 0 not this owner's. Never shortens. */
export const extendScript: Script = script(
  "extend",
  `${holder}
if holder() ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
);

/**
 * KEYS lock; ARGV owner → 1 released and announced | 2 released, not announced | 0 not this owner's
 */
export const releaseScript: Script = script(
  "release",
  `${holder}
if holder() ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return type(redis.pcall('PUBLISH', KEYS[1], '')) ~= 'table' and 1 or 2`,
);

/**
 * KEYS any → the key as the server sees it, which tells the prefix that a client adds by itself.
 */
export const echoScript: Script = script("echo", "return KEYS[1]", true);

/**
 * Each command that the scripts run, alone and with arguments that do no harm: a server does not
 * say which command of a script it refused.
 */
export const attemptScripts: readonly Script[] = [
  ["time", "redis.call('TIME')"],
  ["get", "redis.call('GET', KEYS[1])"],
  ["pttl", "redis.call('PTTL', KEYS[1])"],
  ["getrange", "redis.call('GETRANGE', KEYS[1], 0, 0)"],
  ["exists", "redis.call('EXISTS', KEYS[1])"],
  ["set", "redis.call('SET', KEYS[1], '', 'PX', 1)"],
  ["pexpire", "redis.call('PEXPIRE', KEYS[1], 1)"],
  ["del", "redis.call('DEL', KEYS[1])"],
].map(([name = "", call]) => script(name, `return ${call}`));

/** The part of {@link attemptScripts} that reading needs. */
export const readingCommands: readonly string[] = ["time", "get", "pttl"];

/** KEYS an entry → 1 announced | 0 the user may not. */
export const announceScript: Script = script(
  "publish",
  `${announce}\nreturn announce() and 1 or 0`,
);
