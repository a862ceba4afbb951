/** The rights that a user of the Redis adapters needs, as the adapters' READMEs give them. */
const commands = [
  "+eval +evalsha +get +getrange +set +exists +del +pttl +pexpire +time +publish +subscribe +unsubscribe +scan",
  "+ping +hello +auth +select +info +client|setname",
  "+cluster|slots +cluster|shards +cluster|nodes +cluster|info +readonly +asking",
].join(" ");

/**
 * What follows the user's name in `ACL SETUSER`, for one prefix segment written as it is stored.
 * From Redis 7.2 on, the drivers also send CLIENT SETINFO.
 */
export function rightsWithin(prefix: string, password: string, atLeast72 = false): string {
  const setInfo = atLeast72 ? " +client|setinfo" : "";
  const names = [prefix, "lingpai:claims"];
  return `on >${password} resetkeys resetchannels ${names.map((name) => `~${name}:* &${name}:*`).join(" ")} -@all ${commands}${setInfo}`;
}

/** What a consumer needs: the same names, and no command that writes. */
export function readingRightsWithin(prefix: string, password: string, atLeast72 = false): string {
  const writing = ["+getrange", "+set", "+exists", "+del", "+pexpire", "+publish", "+scan"];
  return rightsWithin(prefix, password, atLeast72)
    .split(" ")
    .filter((word) => !writing.includes(word))
    .join(" ");
}
