/** Diagnoses the store, for keys that may see all of it. */
import { noStore } from "../http/no-store.ts";
import { hasRight } from "../keys/key-rights.ts";
import { ProblemError } from "../http/problem.ts";
import { forbidden, keyOf } from "./authorize.ts";
import type { Handler } from "./route.ts";

/** Runs the checks at most every ten seconds. Callers meanwhile share the result. */
export const readDoctor: Handler = async (request, context) => {
  const key = await keyOf(request, context);
  if (!hasRight(key, "admin", undefined) || !key.refs.includes("*")) throw forbidden("admin");
  if (context.diagnosis === undefined)
    throw new ProblemError({
      status: 404,
      code: "not-found",
      detail: "This server looks at no store.",
      remedy: "Give tokenServer() the option doctor.",
    });
  const diagnosis = await context.diagnosis();
  return Response.json(diagnosis, { headers: noStore });
};
