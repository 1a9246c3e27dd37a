import { isObject } from "../../model/json.ts";
import type { Body } from "./requests.ts";

/** Requests of before the universal query, as universal queries. */
export const older: Readonly<Record<"search" | "recommend" | "discover", (body: Body) => Body>> = {
  search: ({ vector, ...rest }) => {
    if (!isObject(vector) || !("name" in vector)) return { ...rest, query: { nearest: vector } };
    return { ...rest, query: { nearest: vector.vector }, using: vector.name };
  },
  recommend: ({ positive, negative, strategy, using, ...rest }) => ({
    ...rest,
    query: { recommend: { positive, negative, strategy } },
    using: nameOf(using),
  }),
  discover: ({ target, context, using, ...rest }) => ({
    ...rest,
    query: target == null ? { context: context ?? [] } : { discover: { target, context } },
    using: nameOf(using),
  }),
};

function nameOf(using: unknown): unknown {
  return isObject(using) ? using.name : using;
}
