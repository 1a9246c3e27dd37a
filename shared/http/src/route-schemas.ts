import type { JsonBody, Route } from "./route.ts";
import { Validator } from "./validator.ts";

/** The compiled schemas of one route. */
export class RouteSchemas {
  readonly #route: Route;
  readonly #params: Validator;
  readonly #query: Validator;
  readonly #bodies: ReadonlyMap<unknown, Validator>;

  constructor(route: Route) {
    this.#route = route;
    this.#params = new Validator(route.params, "path");
    this.#query = new Validator(route.query, "query");
    const bodies = Object.values(route.body ?? {}).filter(({ kind }) => kind === "json");
    this.#bodies = new Map(
      bodies.map((body) => [body, new Validator((body as JsonBody<never>).schema, "body")]),
    );
  }

  /** @throws Problem `invalid-request`. */
  params(given: Readonly<Record<string, unknown>>): unknown {
    const rest = /\{(\w+)\.\.\.\}$/.exec(this.#route.path)?.[1];
    const { "*": tail, ...named } = given;
    const params = rest === undefined ? named : { ...named, [rest]: tail };
    this.#params.check(params);
    return params;
  }

  /** @throws Problem `invalid-request`. */
  query(given: Readonly<Record<string, unknown>>): unknown {
    return this.#query.read(given);
  }

  body(body: unknown): Validator | undefined {
    return this.#bodies.get(body);
  }
}
