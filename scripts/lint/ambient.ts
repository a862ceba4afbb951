/** Time and randomness are services. Code that reads them directly cannot be simulated. */
import { type Context, child, dotted, type Node, nameOf, placeOf, type Rule } from "./rule.ts";

const timeAdvice =
  "Receive a Clock (core's time/time.ts) and use clock.monotonicMs(), clock.wallMs(), clock.setTimer() or delay(clock, ms); only time/time.ts reads the machine's clock.";
const randomAdvice =
  "Receive a Random (core's random.ts) and use random.next() or random.id(); only random.ts draws from the machine's source.";

const timeNames = new Set([
  "Date.now",
  "performance.now",
  "performance.timeOrigin",
  "process.hrtime",
  "process.hrtime.bigint",
  "process.uptime",
  "AbortSignal.timeout",
]);
const timeGlobals = new Set(["setTimeout", "setInterval"]);
const timeModules = new Set([
  "timers",
  "node:timers",
  "timers/promises",
  "node:timers/promises",
  "perf_hooks",
  "node:perf_hooks",
]);
const randomNames = new Set([
  "Math.random",
  "crypto.randomUUID",
  "crypto.randomBytes",
  "crypto.randomInt",
  "crypto.getRandomValues",
  "webcrypto.getRandomValues",
]);
const randomImports = new Set([
  "randomUUID",
  "randomBytes",
  "randomInt",
  "randomFill",
  "randomFillSync",
  "getRandomValues",
]);

/** A member expression that is the object of a longer one is judged as part of that one. */
function reportMember(
  context: Context,
  banned: ReadonlySet<string>,
  advice: string,
): (node: Node) => void {
  return (node) => {
    const name = dotted(node);
    if (name !== undefined && banned.has(name))
      context.report({ node, message: `${name} is ambient. ${advice}` });
  };
}

export const ambientTime: Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place.folder === "core" && place.path === "time/time.ts") return {};
    // Code in a browser cannot use core's clock, which needs Node.
    if (place.folder === "dashboard" && place.path === "page/time.ts") return {};
    return {
      MemberExpression: reportMember(context, new Set([...timeNames, ...timeGlobals]), timeAdvice),
      NewExpression(node) {
        const isNow =
          dotted(child(node, "callee")) === "Date" && (node["arguments"] as unknown[]).length === 0;
        if (isNow)
          context.report({ node, message: `new Date() is the ambient time. ${timeAdvice}` });
      },
      CallExpression(node) {
        const callee = child(node, "callee", "Identifier");
        const name = nameOf(callee);
        if (name !== undefined && (timeGlobals.has(name) || name === "Date"))
          context.report({ node, message: `${name}() is ambient. ${timeAdvice}` });
      },
      ImportDeclaration(node) {
        const from = nameOf(child(node, "source"));
        if (from !== undefined && timeModules.has(from) && !importsOnlyImmediate(node))
          context.report({ node, message: `${from} is ambient. ${timeAdvice}` });
      },
    };
  },
};

export const ambientRandom: Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place.folder === "core" && place.path === "random.ts") return {};
    return {
      MemberExpression: reportMember(context, randomNames, randomAdvice),
      ImportSpecifier(node) {
        const name = nameOf(child(node, "imported"));
        if (name !== undefined && randomImports.has(name))
          context.report({ node, message: `${name} is ambient. ${randomAdvice}` });
      },
    };
  },
};

/** `setImmediate` is an order, not a time: the manual clock needs it to let pending work settle. */
function importsOnlyImmediate(node: Node): boolean {
  return (node["specifiers"] as readonly Node[]).every(
    (specifier) => nameOf(child(specifier, "imported")) === "setImmediate",
  );
}
