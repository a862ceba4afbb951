/** Reports an error of the operating system at a start with a remedy instead of a stack. */

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another process listens there: end it, or set server.port to another one.",
  EADDRNOTAVAIL: "This machine has no such address: set server.host to one that it has.",
  ENOTFOUND: "No address has this name: set server.host to one of this machine.",
  EACCES: "This user may not do that: give it the right, or name another place or port.",
  EPERM: "This user may not do that: give it the right, or name another place or port.",
  EROFS: "The file system is read-only: set server.dataDirectory to one that is not.",
  ENOSPC: "The disk is full: make room.",
  EMFILE: "The process may open no more files: raise its limit (ulimit -n).",
};
const otherRemedy = "Check the path or the address.";

/** Undefined for an error that does not come from the operating system. */
export function systemErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  return `${message}. ${remedies[code] ?? otherRemedy}`;
}
