import type { Edit, Regression } from "../regression.ts";

const doctor = "packages/doctor/src";
const test = `${doctor}/checks.redis.test.ts`;

/** A row of one check: what it must find, the edit that overlooks it, and the test. */
function finds(right: string, file: string, from: string, to: string, title: string): Regression {
  return { right, edits: [edit(`${doctor}/checks/${file}`, from, to)], test, title };
}

function edit(file: string, from: string, to: string): Edit {
  return { file, from, to };
}

const documents: readonly Regression[] = [
  finds(
    "doctor finds two environments with one AppID.",
    "documents.ts",
    "if (others.length === 0 || one.facts.supersedes === false)",
    "if (others.length < 2 || one.facts.supersedes === false)",
    "two environments that fetch the plain token of one AppID",
  ),
  finds(
    "doctor finds a foreign refresher.",
    "documents.ts",
    "if (contention.count === 0 || agoMs > dayMs)",
    "if (contention.count < 9 || agoMs > dayMs)",
    "find a foreign refresher while its report is recent",
  ),
  finds(
    "doctor finds that is older than the overlap.",
    "documents.ts",
    "if (ageMs <= overlapMs)",
    "if (ageMs <= 100 * overlapMs)",
    "that is older than the overlap",
  ),
  finds(
    "doctor finds a document of an unknown schema.",
    "documents.ts",
    'if (one.unreadable === undefined) return "ok";',
    'if (one.unreadable?.reason !== "tag") return "ok";',
    "a document of a newer schema",
  ),
  finds(
    "doctor finds a quota above 80 %.",
    "economy.ts",
    "const nearlyUsed = 0.8;",
    "const nearlyUsed = 1;",
    "a quota above 80 %",
  ),
  finds(
    "doctor finds more than two refreshes per life.",
    "economy.ts",
    "if (used <= perLifeMax * lives)",
    "if (used <= 1_000 * perLifeMax * lives)",
    "and more than two refreshes per lifetime",
  ),
  finds(
    "doctor finds server keys unused for 90 days.",
    "server-keys.ts",
    "const unusedMs = 90 * 86_400_000;",
    "const unusedMs = 900 * 86_400_000;",
    "server keys unused for 90 days",
  ),
];

const redis: readonly Regression[] = [
  finds(
    "doctor finds another SDK's keys for an AppID.",
    "foreign-keys.ts",
    "if (found === undefined || found.isStable) continue;",
    'if (found?.account === undefined || found.account !== "") continue;',
    "WxJava with a token of its own",
  ),
  finds(
    "doctor finds a stuck lock and a foreign one.",
    "locks.ts",
    "if (!held.isText || (held.text !== undefined && !/^\\d+:/.test(held.text)))",
    "if (!held.isText)",
    "find a lock that something else wrote",
  ),
  finds(
    "doctor finds an evicting policy.",
    "redis-settings.ts",
    'if (policy === "noeviction") return "ok";',
    'if (policy.length > 0) return "ok";',
    "find an evicting policy",
  ),
  finds(
    "doctor finds no persistence under rotate.",
    "redis-settings.ts",
    'if (server.info("aof_enabled") === "1")',
    'if (server.info("aof_enabled") !== undefined)',
    "refresh tokens in a Redis that persists nothing",
  ),
  finds(
    "doctor finds replication without min-replicas-to-write.",
    "redis-settings.ts",
    'if (server.info("role") !== "master" || replicas === 0)',
    'if (server.info("role") !== "master" || replicas < 2)',
    "a replica given as the primary",
  ),
  finds(
    "doctor finds a replica given as the primary.",
    "redis-settings.ts",
    'if (role === "master") return "ok";',
    'if (role !== "") return "ok";',
    "a replica given as the primary",
  ),
  finds(
    "doctor finds PUBLISH refused by access rules.",
    "access.ts",
    'if (about === "publish" || about === "subscribe" || about === "scan")',
    'if (about === "scan")',
    "name PUBLISH that an access rule forbids",
  ),
  finds(
    "doctor finds keys and commands refused by access rules.",
    "access.ts",
    "bad.push(`Under ${placeText(path)}: ${error.message}`);",
    "",
    "name the environment's keys that an access rule forbids",
  ),
  {
    right: "doctor finds a service that checks scripts, with its own remedy.",
    edits: [edit("packages/redis/src/probe.ts", "if (isCheckedScript(error)) throw failure;", "")],
    test,
    title: "a service that checks scripts",
  },
  finds(
    "doctor finds a subscription that a proxy swallows, by publishing to itself.",
    "access.ts",
    'if (heard === "silent")',
    'if (heard === "cannot")',
    "a proxy that confirms a subscription and drops",
  ),
  finds(
    "doctor finds clocks apart.",
    "clocks.ts",
    "const apartMaxMs = 5_000;",
    "const apartMaxMs = 50_000_000;",
    "clocks that differ are found",
  ),
  finds(
    "doctor finds an unsealed store while a tracer listens.",
    "tracing.ts",
    "if (channels.length > 0)",
    "if (channels.length > 99)",
    "a tracer that listens while the store is not sealed",
  ),
];

const rules: readonly Regression[] = [
  {
    right: "What cannot be checked says unknown, never ok.",
    edits: [
      edit(
        `${doctor}/checks/redis-settings.ts`,
        "return open.length > 0 ? unknown(joined(open)) : ok(fine);",
        "return ok(fine);",
      ),
    ],
    test,
    title: "report a check that an access rule prevents as unknown",
  },
  {
    right: "A document that cannot be read leaves what stands in it unknown.",
    edits: [
      edit(
        `${doctor}/checks/over-credentials.ts`,
        'if (one.unreadable === undefined) return "ok";',
        'if (one.state === undefined) return "ok";',
      ),
    ],
    test,
    title: "a document of a newer schema",
  },
  {
    right: "fix is only for what can be undone, and says how.",
    edits: [
      edit(
        `${doctor}/checks/redis-settings.ts`,
        "${command}. To undo it: CONFIG SET ${name} ${now}`",
        "${command}`",
      ),
    ],
    test,
    title: "find an evicting policy, mend it",
  },
  {
    right: "doctor exits with 4 when the platform refuses.",
    edits: [
      edit(
        "apps/cli/src/doctor/command.ts",
        'if (refused?.status === "finding") return exitCodes.platformRefused;',
        "",
      ),
    ],
    test: "apps/cli/src/commands.processes.test.ts",
    title: "a platform that refuses causes exit code 4",
  },
  {
    right: "stdout is data and stderr is words.",
    edits: [
      edit(
        "apps/cli/src/credential/commands.ts",
        "output.err(words(client));",
        "output.out(words(client));",
      ),
    ],
    test: "apps/cli/src/commands.processes.test.ts",
    title: "token prints the token alone on stdout",
  },
  {
    right: "No command takes a secret as an argument.",
    edits: [
      edit("apps/cli/src/shared/options.ts", '"--secret-file <file>",', '"--secret <text>",'),
    ],
    test: "apps/cli/src/program.test.ts",
    title: "accepts no secret as an argument",
  },
  {
    right: "The first screen shows cause and remedy, the worst first.",
    edits: [edit(`${doctor}/diagnose.ts`, "results: results.toSorted(byWeight),", "results,")],
    test,
    title: "are ordered: critical findings",
  },
  {
    right: "GET /v1/doctor is for a key that may see all.",
    edits: [edit("packages/server/src/routes/doctor.ts", '|| !key.refs.includes("*")', "")],
    test: "packages/server/src/doctor.test.ts",
    title: "a key limited to some references may not see the store's diagnosis",
  },
];

export const doctorRows: readonly Regression[] = [...documents, ...redis, ...rules];
