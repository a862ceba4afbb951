import type { Regression } from "../regression.ts";

const sources = "packages/config/src/sources";
const directory = `${sources}/files/secrets-directory.ts`;
const directoryTest = `${sources}/files/secrets-directory.test.ts`;
const centres = `${sources}/centres`;
const live = "packages/config/src/live";
const status = `${live}/source-status.test.ts`;
const text = "packages/config/src/text/read-text.ts";
const destinations = "packages/config/src/checks/destinations.ts";

const files: readonly Regression[] = [
  {
    right: "One dangling link in a secrets directory empties nothing: each entry by itself.",
    edits: [
      {
        file: directory,
        from: `return isAbsence(error) ? "dangling" : "file";`,
        to: `if (isAbsence(error)) throw new AbsentDirectory(error); return "file";`,
      },
    ],
    test: directoryTest,
    title: "ignores a dangling link that is no setting",
  },
  {
    right: "What vanishes between listing and reading is looked at again.",
    edits: [{ file: directory, from: "error instanceof Vanished || before", to: "before" }],
    test: directoryTest,
    title: "is listed again if a file was removed after it was listed",
  },
  {
    right: "Files of another program that come and go take no setting from a read.",
    edits: [
      {
        file: directory,
        from: `return isAbsence(error) ? "dangling" : "file";`,
        to: `if (isAbsence(error)) throw new AbsentDirectory(error); return "file";`,
      },
    ],
    test: directoryTest,
    title: "yields every setting at every read",
  },
  {
    right: "The last good settings of an optional directory stay when it goes away.",
    edits: [
      {
        file: `${live}/reader.ts`,
        from: `if (last !== undefined && last.settings.length > 0 && found.settings.length === 0)
          return [emptied(source)];`,
        to: "",
      },
    ],
    test: directoryTest,
    title: "that disappears while it is watched",
  },
  {
    right: "A pipe in a secrets directory blocks no file access: regular files only.",
    edits: [
      { file: text, from: "constants.O_RDONLY | constants.O_NONBLOCK", to: "constants.O_RDONLY" },
    ],
    test: `${sources}/files/regular-files.processes.test.ts`,
  },
  {
    right: "A link that leads out of the secrets directory is refused.",
    edits: [
      {
        file: directory,
        from: `if (!target.startsWith(inside.endsWith(sep) ? inside : \`\${inside}\${sep}\`))`,
        to: "if (target === inside)",
      },
    ],
    test: directoryTest,
    title: "refuses a link that leads out of the directory",
  },
  {
    right: "The size of a file is looked at before it is read.",
    edits: [{ file: text, from: "if (stats.size > textBytesMax)", to: "if (stats.size < 0)" }],
    test: directoryTest,
    title: "files that are too large before it reads them",
  },
  {
    right: "A file that a variable names is not read whole when it is too large.",
    edits: [
      {
        file: `${sources}/files/variables.ts`,
        from: "withoutMark(await readText(value))",
        to: `withoutMark(await (await import("node:fs/promises")).readFile(value, "utf8"))`,
      },
    ],
    test: `${sources}/files/variables.test.ts`,
    title: "name files with secrets",
  },
  {
    right: "A byte order mark in a file that a variable names is no part of the secret.",
    edits: [
      {
        file: `${sources}/files/variables.ts`,
        from: "withoutLineEnd(withoutMark(await readText(value)))",
        to: "withoutLineEnd(await readText(value))",
      },
    ],
    test: `${sources}/files/variables.test.ts`,
    title: "name files with secrets",
  },
  {
    right: "Reading files has a deadline.",
    edits: [
      {
        file: `${live}/reader.ts`,
        from: `settings: await abandonable(
          source.load({ environment, clock, random, signal: combined }), combined, ),`,
        to: "settings: await source.load({ environment, clock, random, signal: combined }),",
      },
    ],
    test: `${live}/load-config.test.ts`,
    title: "of a source that does not answer is refused at the deadline",
  },
  {
    right:
      "While an editor saves, a zero-byte overlay reverts nothing: the debounce is waited for.",
    edits: [
      {
        file: `${live}/reader.ts`,
        from: "!isSettled && (isMalformed(found) || isLess(found, last))",
        to: "false",
      },
    ],
    test: status,
    title: "that loses its settings for a moment",
  },
  {
    right: "An empty document that was not empty is refused.",
    edits: [
      {
        file: `${sources}/files/file.ts`,
        from: "if (settings.length === 0 && filled.has(path)) throw emptied(path);",
        to: "",
      },
    ],
    test: status,
    title: "that loses its settings for a moment",
  },
];

const centreRows: readonly Regression[] = [
  {
    right: "For an optional Apollo source, a gateway's 404 is not the absence of a release.",
    edits: [
      {
        file: `${centres}/apollo-api.ts`,
        from: `return status === 404 && text.includes("Could not load configurations");`,
        to: "return status === 404;",
      },
    ],
    test: `${centres}/apollo.test.ts`,
    title: "counts as unreleased only if the service says so",
  },
  {
    right: "For an optional Nacos source, a gateway's 404 is not the absence of a configuration.",
    edits: [
      {
        file: `${centres}/nacos-api.ts`,
        from: `if (status === 404 && text.trim().startsWith("config data not exist")) return true;`,
        to: "if (status === 404) return true;",
      },
    ],
    test: `${centres}/nacos.test.ts`,
    title: "does not count as absent if a proxy answers 404",
  },
  {
    right: "A live Apollo source that had a release keeps it when the release is withdrawn.",
    edits: [{ file: `${centres}/apollo-api.ts`, from: "filled.add(namespace);", to: "" }],
    test: `${centres}/apollo.test.ts`,
    title: "and never after an earlier release",
  },
  {
    right: "A live source of any kind that had a value keeps it.",
    edits: [
      {
        file: `${live}/reader.ts`,
        from: `if (last !== undefined && last.settings.length > 0 && found.settings.length === 0)
          return [emptied(source)];`,
        to: "",
      },
    ],
    test: status,
    title: "that disappears as a whole keeps its settings",
  },
  {
    right: "etcd: a token that is refused with 400 causes a new login.",
    edits: [
      {
        file: `${centres}/servers.ts`,
        from: "if (answer.status < 400 || !isEarlier ||",
        to: "if (answer.status !== 401 || !isEarlier ||",
      },
    ],
    test: `${centres}/etcd.test.ts`,
    title: "an outdated token",
  },
  {
    right: "Nacos: a token that is refused with any status causes a new login.",
    edits: [
      {
        file: `${centres}/servers.ts`,
        from: "if (answer.status < 400 || !isEarlier ||",
        to: "if (![401, 403].includes(answer.status) || !isEarlier ||",
      },
    ],
    test: `${centres}/nacos.test.ts`,
    title: "is read after a new login if an old token is refused with HTTP",
  },
  {
    right: "etcd: a watch that ended begins again with a new login.",
    edits: [{ file: `${centres}/etcd.ts`, from: "this.#session.forget();", to: "" }],
    test: `${centres}/etcd.test.ts`,
    title: "after a watch failed, the next one begins with a new login",
  },
  {
    right: "Nacos' listener is asked with `tenant`.",
    edits: [
      {
        file: `${centres}/nacos-api.ts`,
        from: `namespace === "" ? "" : \`?\${new URLSearchParams({ tenant: namespace })}\``,
        to: `""`,
      },
    ],
    test: `${centres}/nacos.test.ts`,
    title: "is reported to a user who may read one namespace only",
  },
  {
    right: "A failing watch raises an event.",
    edits: [{ file: `${live}/watching.ts`, from: "report.failed(error);", to: "" }],
    test: status,
    title: "whose watch fails",
  },
  {
    right: "A failing watch is in `status`.",
    edits: [
      {
        file: `${live}/open-config.ts`,
        from: `watch: watching?.state ?? "none",`,
        to: `watch: "none",`,
      },
    ],
    test: status,
    title: "whose watch fails",
  },
  {
    right: "The old API against Nacos 3 says the remedy.",
    edits: [
      {
        file: `${centres}/nacos-api.ts`,
        from: `if (status === 410 && api === "v1")`,
        to: "if (status === 0)",
      },
    ],
    test: `${centres}/nacos.test.ts`,
    title: "Nacos 3 is recognised behind the old API",
  },
  {
    right: "Several servers in one address are supported.",
    edits: [
      {
        file: `${centres}/servers.ts`,
        from: "const isLast = tries === urls.length;",
        to: "const isLast = true;",
      },
    ],
    test: `${centres}/nacos.test.ts`,
    title: "is read from another server of the address",
  },
  {
    right: "A centre that is down stops no start when there is a snapshot.",
    edits: [
      {
        file: `${live}/reader.ts`,
        from: "if (this.#last.has(source) || source.isRemote !== true || snapshots === undefined)",
        to: "",
      },
    ],
    test: status,
    title: "lets a process start while its centre is down",
  },
  {
    right: "A snapshot has no secret in clear.",
    edits: [
      {
        file: `${live}/snapshot.ts`,
        from: "settings: settings.filter(({ path }) => fieldAt(path)?.isSecret !== true),",
        to: "settings,",
      },
    ],
    test: status,
    title: "without a key it contains no secret",
  },
  {
    right: "An event says how old the snapshot is.",
    edits: [
      {
        file: `${live}/open-config.ts`,
        from: "if (state?.isSnapshot !== true) continue;",
        to: "if (state !== undefined) continue;",
      },
    ],
    test: status,
    title: "and reports its age",
  },
  {
    right: "A `baseUrl` outside the platform's hosts comes from the source that gives the secret.",
    edits: [
      {
        file: destinations,
        from: "if (isKnown || secret === undefined || mayDirect(address, secret)) return [];",
        to: "if (isKnown || !mayDirect(address, address)) return []; return [];",
      },
    ],
    test: status,
    title: "a baseUrl from another source than the secret's",
  },
  {
    right: "A more trusted source, code first, may give a `baseUrl` of its own.",
    edits: [
      {
        file: destinations,
        from: "trustOrder.indexOf(address.trust) < trustOrder.indexOf(secret.trust)",
        to: "false",
      },
    ],
    test: status,
    title: "a baseUrl from another source than the secret's",
  },
  {
    right: "A host may be allowed by name.",
    edits: [
      {
        file: destinations,
        from: "[host, hostname].some((each) => allowedHosts.includes(each))",
        to: "false",
      },
    ],
    test: status,
    title: "a baseUrl from another source than the secret's",
  },
  {
    right: "A poll or a watch of a configuration centre keeps no process alive.",
    edits: [
      {
        file: `${sources}/centres/http.ts`,
        from: "isWaiting ? keepNoProcessAlive(send) : send()",
        to: "send()",
      },
    ],
    test: `${sources}/centres/follower.processes.test.ts`,
  },
];

/** Configuration centres and files, as users have them. */
export const config: readonly Regression[] = [...files, ...centreRows];
