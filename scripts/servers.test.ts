import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Host, provide } from "./servers.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lingpai servers "));
  const said = vi.spyOn(console, "error").mockReturnValue();
  return () => {
    said.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  };
});

function host(changes: Partial<Host> = {}): Host {
  return {
    isRoot: true,
    folders: () => [folder],
    policyFile: join(folder, "policy-rc.d"),
    ...changes,
  };
}

function program(name: string, script = "exit 0"): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/**
 * An apt-get that records its arguments and whether services were prevented from starting, and
 * installs `cached`.
 */
function aptGet(): void {
  program(
    "apt-get",
    'cd "$(dirname "$0")"\necho "$* held=$(test -e policy-rc.d && echo yes)" >> log\ncase "$1" in install) cp apt-get cached ;; esac',
  );
}

describe("the check for servers", () => {
  test("does nothing if every program is installed", () => {
    program("cached");
    aptGet();
    provide({ cached: "cached-server" }, host());
    expect(existsSync(join(folder, "log"))).toBe(false);
  });

  test("installs a missing program, and prevents services from starting only meanwhile", () => {
    aptGet();
    provide({ cached: "cached-server" }, host());
    expect(console.error).toHaveBeenCalledWith(
      expect.stringContaining("installing cached-server with apt"),
    );
    expect(readFileSync(join(folder, "log"), "utf8")).toBe(
      "update held=yes\ninstall -y --no-install-recommends cached-server held=yes\n",
    );
    expect(existsSync(join(folder, "policy-rc.d"))).toBe(false);
  });

  test("keeps a policy that the machine already has", () => {
    aptGet();
    program("policy-rc.d", "exit 7");
    provide({ cached: "cached-server" }, host());
    expect(readFileSync(join(folder, "policy-rc.d"), "utf8")).toContain("exit 7");
  });

  test("fails with the names and the remedy if it may not install", () => {
    aptGet();
    expect(() => provide({ cached: "cached-server" }, host({ isRoot: false }))).toThrow(
      /need cached on PATH\. Install cached-server/,
    );
    expect(existsSync(join(folder, "log"))).toBe(false);
  });

  test("fails with the names if there is no apt", () => {
    expect(() => provide({ cached: "cached-server" }, host())).toThrow(/need cached on PATH/);
  });

  test("passes on apt's message if it fails, and removes the policy", () => {
    program("apt-get", "echo no network; exit 100");
    expect(() => provide({ cached: "cached-server" }, host())).toThrow(
      /apt-get update failed:\nno network/,
    );
    expect(existsSync(join(folder, "policy-rc.d"))).toBe(false);
  });
});
