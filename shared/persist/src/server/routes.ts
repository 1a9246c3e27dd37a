import { isSha256 } from "../contract/names.ts";
import {
  type MessageReader,
  readBeginRequest,
  readCommitRequest,
  readLeaseRequest,
  readPruneRequest,
} from "../contract/parse-messages.ts";
import type { Authenticated } from "./authenticate.ts";
import { begin } from "./begin.ts";
import { commit } from "./commit.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { FunctionRequest } from "./function-request.ts";
import { lease } from "./lease.ts";
import type { Operation, OperationContext } from "./operation.ts";
import { part } from "./part.ts";
import { prune } from "./prune.ts";
import { readBody } from "./read-body.ts";
import { restore, restorePart } from "./restore.ts";
import { SubtreeStore } from "./subtree-store.ts";

/** What a request is answered with, before it is signed. */
export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Uint8Array;
  /** The body's SHA-256, where it is known already. */
  readonly sha256?: string;
}

type Query = Readonly<Record<string, string>>;
type Context = Omit<OperationContext, "subtree" | "fields">;

/** How one request is read and answered. */
interface Route {
  /** The parameters that there may be; others are refused. */
  readonly parameters: readonly string[];
  bodyBytesMax(context: OperationContext): number;
  answer(query: Query, body: Uint8Array, context: OperationContext): Promise<Answer>;
}

/** By method, path and action. */
const routes: Readonly<Record<string, Route>> = {
  "POST /lease": jsonRoute(readLeaseRequest, lease, []),
  "POST /persist begin": jsonRoute(readBeginRequest, begin),
  "POST /persist commit": jsonRoute(readCommitRequest, commit),
  "POST /persist prune": jsonRoute(readPruneRequest, prune),
  "POST /persist part": {
    parameters: ["action", "sha256"],
    bodyBytesMax: ({ limits }) => limits.partBytesMax,
    answer: async ({ sha256 }, body, context) =>
      json(await part({ sha256: requireName("sha256", sha256), body }, context)),
  },
  "GET /restore": {
    parameters: ["at", "manifest", "part"],
    bodyBytesMax: () => 0,
    answer: async (query, _body, context) => {
      if (Object.keys(query).length > 1) throw badRequest("at, manifest and part exclude each other");
      if (query.part !== undefined) {
        const name = requireName("part", query.part);
        const body = await restorePart(name, context);
        return { status: 200, type: "application/octet-stream", body, sha256: name };
      }
      if (query.manifest !== undefined) requireName("manifest", query.manifest);
      const reply = await restore(query, context);
      return reply === undefined ? { status: 204, type: undefined, body: new Uint8Array(0) } : json(reply);
    },
  },
};

/** Answers a request whose headers are known to be authentic. */
export async function dispatch(
  request: FunctionRequest,
  { fields, path, query }: Authenticated,
  context: Context,
): Promise<Answer> {
  const action = path === "/persist" ? ` ${query.action}` : "";
  const name = `${request.method} ${path}${action}`;
  const route = Object.hasOwn(routes, name) ? routes[name]! : undefined;
  if (route === undefined) throw badRequest(`there is no ${name.slice(0, 100)}`);
  const unknown = Object.keys(query).find((parameter) => !route.parameters.includes(parameter));
  if (unknown !== undefined) throw badRequest(`there is no parameter "${unknown.slice(0, 40)}" here`);
  const full = { ...context, fields, subtree: new SubtreeStore(context.store, fields.subtree) };
  const body = await readBody(request, route.bodyBytesMax(full), fields, context.limits);
  return await route.answer(query, body, full);
}

function jsonRoute<Request, Reply>(
  read: MessageReader<Request>,
  operation: Operation<Request, Reply>,
  parameters: readonly string[] = ["action"],
): Route {
  return {
    parameters,
    bodyBytesMax: ({ limits }) => limits.requestBytesMax,
    answer: async (_query, body, context) => json(await operation(read(body), context)),
  };
}

function json(reply: unknown): Answer {
  return { status: 200, type: "application/json", body: Buffer.from(JSON.stringify(reply)) };
}

function requireName(parameter: string, value: string | undefined): string {
  if (isSha256(value)) return value;
  throw badRequest(`${parameter} must be a SHA-256 in lower-case hexadecimal`);
}

function badRequest(message: string): ContractFailure {
  return new ContractFailure("bad_request", message);
}
