/** The container files, as far as they can be checked without a container. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig, variableTable } from "@lingpai/config";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { runServerCommand } from "./command.ts";
import { risksOf } from "./start/risks.ts";
import { sourcesFrom } from "./start/sources.ts";
import { parseStoreAddress } from "./store/store-address.ts";

const folder = fileURLToPath(new URL("../docker", import.meta.url));
const root = join(folder, "../../..");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const dockerfile = read("Dockerfile");

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}
const compose = parse(read("compose.yaml"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
};
const services = Object.entries(compose.services);
const servers = services.filter(([, { build }]) => build !== undefined);

/** True for a variable that the configuration or the command reads. */
function isKnown(variable: string): boolean {
  if (/^(?:LINGPAI_ENVIRONMENT|LINGPAI_SEAL|NODE_ENV)$/.test(variable)) return true;
  const known = variableTable().match(/(?<=^\| `)[A-Z_<>]+/gm) ?? [];
  return known.some((each) =>
    new RegExp(`^${each.replace("<NAME>", "[A-Z0-9]+")}$`).test(variable),
  );
}

test("the image consists of existing files, and starts the published command", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
    paths.split(" "),
  );
  expect(copied.length).toBeGreaterThan(5);
  for (const path of copied) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  const { name, publishConfig } = JSON.parse(
    readFileSync(join(root, "apps/server/package.json"), "utf8"),
  ) as { name: string; publishConfig: { bin: Record<string, string> } };
  const [, entry = ""] = /^ENTRYPOINT \["node", "(.+)"\]$/m.exec(dockerfile) ?? [];
  expect(entry).toBe(join("node_modules", name, publishConfig.bin["lingpai-server"]!));
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly packageManager: string;
  };
  for (const [used] of dockerfile.matchAll(/pnpm@[\d.]+/g)) expect(used).toBe(packageManager);
  expect(dockerfile).toMatch(/^USER node$/m);
  // BuildKit reads the file of this name. Links of a checkout lead nowhere in the image.
  const ignored = read("Dockerfile.dockerignore").split("\n");
  expect(ignored).toEqual(expect.arrayContaining([".git", "**/node_modules", "**/dist"]));
  for (const path of copied) expect(ignored).not.toContain(path);
});

test("the compose file has two servers, Redis, Prometheus and Grafana, with existing files", () => {
  expect(Object.keys(compose.services)).toEqual([
    "server-1",
    "server-2",
    "redis",
    "prometheus",
    "grafana",
  ]);
  expect(servers).toHaveLength(2);
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes);
  for (const volume of mounted) {
    const [from = ""] = volume.split(":");
    const isThere = from.startsWith(".") ? existsSync(join(folder, from)) : from in compose.volumes;
    expect([from, isThere]).toEqual([from, true]);
  }
  for (const [, { build }] of servers)
    expect(existsSync(join(folder, build!.context, build!.dockerfile))).toBe(true);
  const { scrape_configs: scraped } = parse(read("prometheus.yml")) as {
    readonly scrape_configs: { readonly static_configs: { readonly targets: string[] }[] }[];
  };
  const targets = scraped.flatMap((each) => each.static_configs.flatMap(({ targets: all }) => all));
  expect(targets).toEqual(["server-1:8720", "server-2:8720"]);
  for (const name of ["datasource", "dashboards"])
    expect(parse(read(`grafana/${name}.yml`))).toMatchObject({ apiVersion: 1 });
});

test("every variable of the image and of the compose file is read by something", () => {
  const [, own = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
  const names = [
    ...own.split(" ").map((each) => each.split("=")[0]!),
    ...servers.flatMap(([, { environment }]) => Object.keys(environment ?? {})),
  ];
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect([name, isKnown(name)]).toEqual([name, true]);
});

test("the configuration takes what the files set, on the ports that are open, with just the risks allowed", async () => {
  const [, own = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
  const [, exposed] = /^EXPOSE (\d+)$/m.exec(dockerfile) ?? [];
  const image = Object.fromEntries(
    own.split(" ").map((each) => each.split("=") as [string, string]),
  );
  const given: Readonly<Record<string, string>> = {
    LINGPAI_SEAL: Buffer.alloc(32, 1).toString("base64"),
    APP_ID: "wx0123456789abcdef",
    APP_SECRET: "0123456789abcdef0123456789abcdef",
  };
  const filled = (text: string): string =>
    text.replaceAll(/\$\{(\w+):\?[^}]*\}/g, (_, name: string) => given[name] ?? "");
  for (const [, { command = [], environment = {}, ports = [] }] of servers) {
    const set = Object.entries(environment).map(([name, text]) => [name, filled(text)] as const);
    const env = { ...image, ...Object.fromEntries(set) };
    const { apps, server, store } = await loadConfig({
      sources: sourcesFrom({ env }),
      environment: env["LINGPAI_ENVIRONMENT"]!,
    });
    expect(apps["main"]).toMatchObject({ appId: given["APP_ID"] });
    const address = store.url!.reveal();
    expect(Object.keys(compose.services)).toContain(new URL(address).hostname);
    expect(parseStoreAddress(address)).toMatchObject({ kind: "redis" });
    expect([server.host, String(server.port)]).toEqual(["0.0.0.0", exposed]);
    expect(ports.map((each) => each.split(":").at(-1))).toEqual([exposed]);
    expect(dockerfile).toContain(`http://127.0.0.1:${exposed}/readyz`);
    const { host } = server;
    const risks = risksOf({ hasKey: true, host, isTls: false, store: address, isSealed: true });
    expect(command.slice(command.indexOf("--allow") + 1)).toEqual(risks);
  }
  const open = services.flatMap(([, { ports = [] }]) => ports);
  expect(new Set(open).size).toBe(open.length);
  for (const each of open) expect(each).toMatch(/^127\.0\.0\.1:/);
});

test("the server knows the command of the compose file's servers", async () => {
  const printed: string[] = [];
  const output = {
    out: (text: string) => void printed.push(text),
    err: (text: string) => void printed.push(text),
  };
  for (const [, { command = [] }] of servers) {
    // An unknown option is refused before help is printed.
    const code = await runServerCommand([...command, "--environment", "prod", "--help"], output);
    expect([code, printed.join("\n")]).toEqual([0, expect.stringContaining("--first-key")]);
    expect(await runServerCommand([...command, "--frist-key"], output)).toBe(2);
  }
});
