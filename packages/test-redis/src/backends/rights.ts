/** The rights that a user of the Redis adapters needs, as in the adapters' READMEs. */
const commands = [
  "+eval +evalsha +get +getrange +set +exists +del +pttl +pexpire +time +publish +subscribe +unsubscribe +scan",
  "+ping +hello +auth +select +info +client|setname",
  "+cluster|slots +cluster|shards +cluster|nodes +cluster|info +readonly +asking",
].join(" ");

/**
 * Returns the text after the user's name in `ACL SETUSER`, for one prefix segment as it is stored.
 * From Redis 7.2 on, the drivers also send CLIENT SETINFO.
 */
export function rightsWithin(prefix: string, password: string, atLeast72 = false): string {
  const setInfo = atLeast72 ? " +client|setinfo" : "";
  const names = [prefix, "lingpai:claims"];
  return `on >${password} resetkeys resetchannels ${names.map((name) => `~${name}:* &${name}:*`).join(" ")} -@all ${commands}${setInfo}`;
}

/** Returns the rights of a consumer: the same names, and no command that writes. */
export function readingRightsWithin(prefix: string, password: string, atLeast72 = false): string {
  const writing = ["+getrange", "+set", "+exists", "+del", "+pexpire", "+publish", "+scan"];
  return rightsWithin(prefix, password, atLeast72)
    .split(" ")
    .filter((word) => !writing.includes(word))
    .join(" ");
}
