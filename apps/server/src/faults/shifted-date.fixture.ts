/**
 * For `--import`: this process's wall clock is wrong by `DATE_SHIFT_MS`, as after a step of NTP. The
 * parent steps it again by a message `{ shiftMs }`. The monotonic clock is left as it is.
 */
const MachineDate = globalThis.Date;
let shiftMs = Number(process.env["DATE_SHIFT_MS"]);

class ShiftedDate extends MachineDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(ShiftedDate.now());
    else super(...(given as [number]));
  }

  static override now(): number {
    return MachineDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
process.on("message", (message: { readonly shiftMs?: number }) => {
  if (message.shiftMs !== undefined) shiftMs = message.shiftMs;
});
