/** The claims of a test, a cast or a suppression must be true. */
import { child, dotted, isNode, type Node, nameOf, placeOf, type Rule } from "./rule.ts";

const evasions: Record<string, string> = {
  skip: "Make it pass or delete it; a case that an adapter cannot meet is a waiver with a reason.",
  skipIf:
    "Make it pass or delete it; name the file .redis.test.ts or .servers.test.ts when it needs a server.",
  only: "Run one file with `pnpm test NAME` instead.",
  todo: "Write the test, or an issue.",
};

/**
 * `test`, `it`, `describe`, `suite`, also through `.each`, `.for`, `.concurrent` and calls of
 * those.
 */
function isTestFunction(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if (node.type === "CallExpression") return isTestFunction(child(node, "callee"));
  if (node.type === "MemberExpression") return isTestFunction(child(node, "object"));
  return ["test", "it", "describe", "suite", "bench"].includes(nameOf(node) ?? "");
}

export const noTestEvasion: Rule = {
  create(context) {
    if (!context.filename.endsWith(".test.ts")) return {};
    return {
      MemberExpression(node) {
        const name = nameOf(child(node, "property")) ?? "";
        const advice = Object.hasOwn(evasions, name) ? evasions[name] : undefined;
        if (advice !== undefined && isTestFunction(child(node, "object")))
          context.report({ node, message: `.${name} hides a test. ${advice}` });
      },
      CallExpression(node) {
        if (!isTestFunction(child(node, "callee"))) return;
        const options = (node["arguments"] as readonly Node[])
          .filter((argument) => argument.type === "ObjectExpression")
          .flatMap((argument) => argument["properties"] as readonly Node[]);
        for (const option of options) {
          const name = nameOf(child(option, "key"));
          if (name === "retry" || name === "repeats")
            context.report({
              node: option,
              message: `${name} hides a race. Use the manual clock and make the order certain.`,
            });
        }
      },
    };
  },
};

export const noRealTimeInUnitTests: Rule = {
  create(context) {
    const isUnitTest = /\/[^/.]+\.test\.ts$/.test(context.filename.replaceAll("\\", "/"));
    const place = placeOf(context.filename);
    if (
      !isUnitTest ||
      place.group !== "packages" ||
      /^(time\/time|random)\.test\.ts$/.test(place.path)
    )
      return {};
    return {
      CallExpression(node) {
        const isSleep =
          dotted(child(node, "callee")) === "delay" &&
          nameOf((node["arguments"] as readonly Node[])[0]) === "systemClock";
        if (isSleep)
          context.report({
            node,
            message:
              "A unit test does not sleep. Use manualClock() of @lingpai/core/testing and advance it.",
          });
      },
    };
  },
};

/**
 * `as unknown as T` and the like need a comment on their line or the one above that says why it is
 * safe.
 */
export const noUnexplainedDoubleCast: Rule = {
  create(context) {
    return {
      TSAsExpression(node) {
        const inner = child(node, "expression", "TSAsExpression");
        if (inner === undefined || child(inner, "typeAnnotation")?.type !== "TSUnknownKeyword")
          return;
        const isExplained = context.sourceCode
          .getAllComments()
          .some((comment) => isNextTo(context.sourceCode.text, comment, node));
        if (!isExplained)
          context.report({
            node,
            message:
              "`as unknown as` switches the type checker off. Narrow with a check, or say in a comment on the line above why it is safe.",
          });
      },
    };
  },
};

function isNextTo(text: string, comment: Node, node: Node): boolean {
  const between =
    comment.range[1] <= node.range[0]
      ? text.slice(comment.range[1], node.range[0])
      : text.slice(node.range[1], comment.range[0]);
  const newlines = between.split("\n").length - 1;
  return comment.range[1] <= node.range[0] ? newlines <= 1 : newlines === 0;
}

/** A suppression states its reason after `--`. */
export const noUnexplainedSuppression: Rule = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const text = String(comment["value"]);
          const isSuppression = /^\s*(oxlint|eslint)-disable/.test(text);
          if (isSuppression && !/--\s*\S.{9,}/.test(text))
            context.report({
              node: comment,
              message: "A suppression says why: `oxlint-disable-next-line RULE -- reason`.",
            });
        }
      },
    };
  },
};

/**
 * A `let`, or an empty collection, at the top of a module is state that every instance and every
 * test shares. A WeakMap's state belongs to its keys.
 */
export const noModuleState: Rule = {
  create(context) {
    if (placeOf(context.filename).isTest) return {};
    return {
      Program(program) {
        for (const statement of program["body"] as readonly Node[]) {
          const declaration =
            statement.type === "ExportNamedDeclaration"
              ? child(statement, "declaration")
              : statement;
          if (declaration?.type === "VariableDeclaration" && isState(declaration)) {
            context.report({
              node: declaration,
              message:
                "Module-level mutable state is shared by every instance. Create it in a factory and pass it on.",
            });
          }
        }
      },
    };
  },
};

function isState(declaration: Node): boolean {
  if (declaration["kind"] !== "const") return true;
  return (declaration["declarations"] as readonly Node[]).some(({ init }) => {
    if (!isNode(init)) return false;
    if (init.type === "ArrayExpression") return (init["elements"] as unknown[]).length === 0;
    const isCollection =
      init.type === "NewExpression" && ["Map", "Set"].includes(dotted(child(init, "callee")) ?? "");
    return isCollection && (init["arguments"] as unknown[]).length === 0;
  });
}

/** KEYS blocks the server, and FLUSHDB removes foreign data. */
export const noWholeStoreCommand: Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place.isTest || place.group === "scripts" || place.folder === "test-servers") return {};
    const advice =
      "KEYS blocks the server and FLUSH* removes what others wrote. Use SCAN with an escaped pattern and delete what matches.";
    return {
      Literal(node) {
        const text = nameOf(node);
        if (text !== undefined && /^(keys|flushdb|flushall)$/i.test(text) && text !== "keys")
          context.report({ node, message: advice });
      },
      MemberExpression(node) {
        if (/^flush(db|all)$/i.test(nameOf(child(node, "property")) ?? ""))
          context.report({ node, message: advice });
      },
      TemplateElement(node) {
        const text = (node["value"] as { readonly raw: string }).raw;
        if (/redis\.p?call\(\s*['"](keys|flushdb|flushall)['"]/i.test(text))
          context.report({ node, message: advice });
      },
    };
  },
};
