/** Generates /openapi.json from the routes. */
import type { Route } from "./route.ts";

export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Lingpai token server", version: "1" },
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", bearerFormat: "lp_<id>_<random>" },
      },
      schemas: { Problem: problem },
    },
  };
}

function operationOf({ path, query = [], rights, statuses, summary }: Route): object {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter(name ?? "", "path"));
  const failure = { $ref: "#/components/schemas/Problem" };
  const answers = [...new Set(statuses)]
    .toSorted((a, b) => a - b)
    .map((status) => [
      String(status),
      status < 400
        ? { description: "Done" }
        : {
            description: "A problem (RFC 9457)",
            content: { "application/problem+json": { schema: failure } },
          },
    ]);
  return {
    summary,
    ...(rights.length > 0 && {
      security: [{ key: [] }],
      description: `Needs the rights ${rights.join(", ")}.`,
    }),
    parameters: [...named, ...query.map((name) => parameter(name, "query"))],
    responses: Object.fromEntries(answers),
  };
}

function parameter(name: string, place: "path" | "query"): object {
  return { name, in: place, required: place === "path", schema: { type: "string" } };
}

const problem = {
  type: "object",
  required: ["type", "title", "status", "code", "detail", "remedy"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string" },
    detail: { type: "string" },
    remedy: { type: "string" },
    obstacle: { type: "string" },
    retryAfterMs: { type: "integer" },
  },
};
