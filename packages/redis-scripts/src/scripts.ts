/**
 * The Lua scripts. Constant texts: every key travels in KEYS, every value in ARGV, so that a Cluster routes and an access rule
 * judges them, and so that nothing in them is ever built from data.
 *
 * Each has the effect of once when it is sent twice: drivers send a command again when the connection broke before the answer.
 * They need Redis 5 or newer, or anything that speaks its protocol and runs EVAL.
 */
import { createHash } from "node:crypto";

export interface Script {
  /** For errors and probes. */
  readonly name: string;
  readonly text: string;
  /** What EVALSHA calls it. */
  readonly sha: string;
  /** Changes nothing, so one that nobody waits for any more does no harm. */
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

/** The stored version; nil when nothing is stored; false, and whether it is of a later layout, when what is stored is foreign. */
const stored = `
local function stored(key)
  local head = redis.call('GETRANGE', key, 0, 79)
  if head == '' and redis.call('EXISTS', key) == 0 then return nil end
  local version = string.match(head, '^lp1:([%w_-]+):')
  if version then return version end
  return false, string.match(head, '^lp%d+:') and not string.match(head, '^lp1:')
end`;

/** Greedy, so that braces in a client's own key prefix do not end the scope. */
const announce = `
local function announce(key)
  redis.call('PUBLISH', string.match(key, '^.*{') .. '}::changes', key)
end`;

/** KEYS entry → { text or nil, PTTL, store ms } */
export const getScript: Script = script(
  "get",
  `${now}
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]), now() }`,
  true,
);

/** KEYS entry; ARGV version, ttl ms or '', condition ('' any, '*' absent, else a version), value → { 1 written | 0 conflict | -1 foreign | -2 of a later layout, version or nil, store ms } */
export const setScript: Script = script(
  "set",
  `${now}${stored}${announce}
local version, foreign = stored(KEYS[1])
if version == false then return { foreign and -2 or -1, false, now() } end
if version == ARGV[1] then return { 1, version, now() } end
if ARGV[3] == '*' and version or ARGV[3] ~= '' and ARGV[3] ~= '*' and ARGV[3] ~= version then
  return { 0, version or false, now() }
end
local text = 'lp1:' .. ARGV[1] .. ':' .. ARGV[4]
if ARGV[2] == '' then redis.call('SET', KEYS[1], text)
else redis.call('SET', KEYS[1], text, 'PX', ARGV[2]) end
announce(KEYS[1])
return { 1, ARGV[1], now() }`,
);

/** KEYS entry; ARGV the version that must be stored, or '' for whatever is there, foreign or not → 1 gone | 0 nothing done | -1 foreign | -2 of a later layout */
export const deleteScript: Script = script(
  "delete",
  `${stored}${announce}
if ARGV[1] ~= '' then
  local version, foreign = stored(KEYS[1])
  if version == false then return foreign and -2 or -1 end
  if version ~= ARGV[1] then return 0 end
end
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
announce(KEYS[1])
return 1`,
);

/**
 * The fence and the owner of the lock, as texts; nil, nil when it is free; false when something foreign is there, which counts as held.
 * Only the wrong type is caught: a refusal must not look like a lock.
 */
const holder = `
local function holder(key)
  local held = redis.pcall('GET', key)
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
 * KEYS lock, fence; ARGV owner, ttl ms → { 1 granted, fence, store ms } | { 0 busy, PTTL, store ms }
 *
 * The fence is written before the lock, and from the store's clock when the counter was lost or is no number.
 */
export const acquireScript: Script = script(
  "acquire",
  `${now}${holder}
local owner, held = holder(KEYS[1])
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
if holder(KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
);

/** KEYS lock; ARGV owner → 1 released and told | 0 not this owner's */
export const releaseScript: Script = script(
  "release",
  `${holder}
if holder(KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1], '')
return 1`,
);

/** KEYS any → the key as the server sees it, which tells the prefix that a client adds by itself. */
export const echoScript: Script = script("echo", "return KEYS[1]", true);

/** KEYS one; ARGV a command, in which the text KEY stands for the key → what it answers. For probes. */
export const attemptScript: Script = script(
  "attempt",
  `
local command = {}
for index, word in ipairs(ARGV) do command[index] = word == 'KEY' and KEYS[1] or word end
return redis.call(unpack(command))`,
);
