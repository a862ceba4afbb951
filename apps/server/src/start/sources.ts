/** The sources of the configuration, as named on a command line. */
import { existsSync } from "node:fs";
import {
  apolloSource,
  etcdSource,
  fileSource,
  nacosSource,
  secretsDirectorySource,
  variableSource,
} from "@lingpai/config";
import type { ConfigSource } from "@lingpai/config";
import { ConfigurationError } from "@lingpai/core";

export interface SourceOptions {
  /** A file. Without one: `lingpai.yaml` of the working directory, if it exists. */
  readonly file?: string | undefined;
  /** Configuration centres, in the form of {@link centreSource}. */
  readonly centres?: readonly string[] | undefined;
  /** A directory with a file for each secret. */
  readonly secrets?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const centreForms: string =
  "etcd+http://HOST:2379/?prefix=lingpai/, nacos+http://HOST:8848/?dataId=lingpai.yaml or apollo+http://HOST:8080/?appId=NAME";

const defaultFile = "lingpai.yaml";
/** Variables of the commands that are not settings. */
const foreign = ["LINGPAI_SEAL", "LINGPAI_STORE"];

/** The sources, each overridden by the later ones: centres, file, secrets, variables. */
export function sourcesFrom(options: SourceOptions): readonly ConfigSource[] {
  const { centres = [], env = process.env, file, secrets } = options;
  const named = file ?? (existsSync(defaultFile) ? defaultFile : undefined);
  return [
    ...centres.map(centreSource),
    ...(named === undefined ? [] : [fileSource(named)]),
    ...(secrets === undefined ? [] : [secretsDirectorySource(secrets)]),
    variableSource({ env, foreign }),
  ];
}

/**
 * Makes the source of a centre's address: its kind, `+`, and its URL with its options as
 * parameters.
 *
 * @throws {ConfigurationError} It has none of {@link centreForms}.
 */
export function centreSource(address: string): ConfigSource {
  const [, kind, rest = ""] = /^(etcd|nacos|apollo)\+(https?:\/\/.+)$/.exec(address) ?? [];
  if (kind === undefined || !URL.canParse(rest))
    throw new ConfigurationError(`A centre's address is ${centreForms}.`, { rule: "centre" });
  const { origin, password, pathname, searchParams, username } = new URL(rest);
  const parameters = Object.fromEntries(searchParams);
  const login =
    username === ""
      ? {}
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const url = pathname === "/" ? origin : `${origin}${pathname}`;
  if (kind === "etcd") return etcdSource({ url, ...login, ...parameters });
  if (kind === "nacos")
    return nacosSource({ url, ...login, ...parameters } as Parameters<typeof nacosSource>[0]);
  const { appId = "", namespaces, ...more } = parameters;
  return apolloSource({
    url,
    appId,
    ...(password !== "" && { accessKey: decodeURIComponent(password) }),
    ...(namespaces !== undefined && { namespaces: namespaces.split(",") }),
    ...more,
  });
}
