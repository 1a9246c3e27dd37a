import type { SecurityContext } from "@weftkit/auth";
import type { Answer } from "./answer.ts";
import type { RequestAuthenticator } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { problems } from "./problems.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Route } from "./route.ts";
import type { RouteSchemas } from "./route-schemas.ts";
import { tooManyRequests } from "./too-many-requests.ts";

/** What stands between a request and its route's handler. */
export interface Gate {
  readonly authenticator: RequestAuthenticator;
  /** Undefined is no limit. */
  readonly rate: RateLimit | undefined;
  /** A body of which nothing comes for this long is given up. */
  readonly bodyIdleMs: number;
}

/**
 * Serves a request in the order in which a client should hear of mistakes: who it is, how often it asks, whether it may,
 * whether it asks in the right form; the body is read last, for those who may send it.
 *
 * @throws Problem for everything that is wrong with the request.
 */
export async function serve(
  gate: Gate,
  route: Route,
  schemas: RouteSchemas,
  exchange: Exchange,
): Promise<Answer> {
  const { request, peer, address } = exchange;
  const user = await gate.authenticator.identify(request.headers.authorization, peer ?? { address });
  exchange.user = user;
  const waitMs = gate.rate?.take(user.user === "anonymous" ? `address:${address}` : `user:${user.user}`);
  if (waitMs !== undefined) throw tooManyRequests("the rate limit is reached", waitMs);
  const params = schemas.params(request.params as Readonly<Record<string, unknown>>);
  authorize(user, route, params as never);
  const query = schemas.query(request.query as Readonly<Record<string, unknown>>);
  const body = await readBody(request.raw, route.body, (kind) => schemas.body(kind), gate.bodyIdleMs);
  return route.handle({
    id: exchange.id,
    user,
    params: params as never,
    query: query as never,
    body: body as never,
    headers: request.headers,
    signal: exchange.signal,
  });
}

function authorize(user: SecurityContext, { access }: Route, params: never): void {
  const { action } = access;
  const object = access.object?.(params);
  const isAllowed = object === undefined ? user.scope(action) !== "none" : user.can(action, object);
  if (isAllowed) return;
  const to = object === undefined ? "" : ` on ${object}`;
  throw problems.forbidden(`${user.user} may not ${action}${to}; it needs a role that allows ${action}`);
}
