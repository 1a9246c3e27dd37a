import type { Clock } from "@weftkit/core";
import { RateLimit } from "@weftkit/http/rate-limit";
import {
  AwsError,
  type AwsIdentity,
  arnOf,
  type RequestVerifier,
  type RpcAnswer,
  type RpcRequest,
} from "@weftkit/http-aws";
import type { Logger } from "@weftkit/observe";
import {
  accessDenied,
  internal,
  serialization,
  throttled,
  unavailable,
  unknownOperation,
} from "../errors.ts";
import type { Answer, Operation } from "../operations/operation.ts";
import { operations } from "../operations/registry.ts";
import type { Services } from "../services.ts";
import { checkConstraints } from "./check-constraints.ts";
import { readMembers } from "./check-types.ts";

const jsonTypes: ReadonlySet<string> = new Set(["application/x-amz-json-1.0", "application/json"]);
const amzJson = "application/x-amz-json-1.0";

/**
 * One request on its way: which operation, who asks, is it allowed, has it the right form; then the operation. What is
 * wrong is told in AWS's order.
 */
export class Dispatcher {
  readonly #services: Services;
  readonly #verifier: RequestVerifier;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #rate: RateLimit | undefined;

  /** `ratePerSecond` is what each user may ask; 0 is no limit. */
  constructor(services: Services, verifier: RequestVerifier, clock: Clock, ratePerSecond: number) {
    this.#services = services;
    this.#verifier = verifier;
    this.#log = services.log;
    this.#clock = clock;
    this.#rate = ratePerSecond === 0 ? undefined : new RateLimit({ ratePerSecond, burst: 2 * ratePerSecond });
  }

  /** Never throws and never rejects. */
  handle(request: RpcRequest): RpcAnswer | Promise<RpcAnswer> {
    if (request.method === "GET") return healthy(request);
    const contentType = mediaType(request.headers["content-type"]);
    if (request.method !== "POST" || (request.body.length > 0 && !jsonTypes.has(contentType)))
      return notFound;
    const target = request.headers["x-amz-target"];
    const operation = typeof target === "string" ? operations.get(target) : undefined;
    const name = operation?.name ?? "none";
    try {
      const answer = this.#serve(request, operation);
      if (!(answer instanceof Promise)) return success(answer, contentType, name);
      return answer.then(
        (settled) => success(settled, contentType, name),
        (error: unknown) => this.#failure(error, contentType, name, request),
      );
    } catch (error) {
      return this.#failure(error, contentType, name, request);
    }
  }

  #serve(request: RpcRequest, operation: Operation | undefined): Answer | Promise<Answer> {
    const body = request.body.length === 0 ? undefined : parse(request.body);
    if (operation === undefined) throw unknownOperation();
    const identity = this.#verifier.verify(request);
    if (identity instanceof Promise)
      return identity.then((known) => this.#run(request, operation, body, known));
    return this.#run(request, operation, body, identity);
  }

  #run(
    request: RpcRequest,
    operation: Operation,
    body: unknown,
    identity: AwsIdentity,
  ): Answer | Promise<Answer> {
    if (body === undefined) throw serialization("");
    const { user, region } = identity;
    const asker = user.user === "anonymous" ? `address:${request.peer?.address}` : `user:${user.user}`;
    if (this.#rate?.take(asker) !== undefined) throw throttled();
    if (user.scope(operation.action) === "none")
      throw accessDenied(user.user, operation.name, arnOf("dynamodb", region, "table/*"));
    const input = readMembers(body as Record<string, unknown>, operation.members);
    checkConstraints(input, operation.members);
    const prepared = operation.prepare(input as never);
    const action = operation.actionOf?.(prepared) ?? operation.action;
    for (const table of operation.tables?.(prepared) ?? []) {
      if (!user.can(action, table))
        throw accessDenied(user.user, operation.name, arnOf("dynamodb", region, `table/${table}`));
    }
    const caller = { ...identity, nowMs: this.#clock.wallMs(), host: request.headers.host ?? "localhost" };
    const run = () => operation.run(this.#services, prepared, caller);
    if (action === "read") return run();
    return this.#services.room.run(operation.frees?.(prepared) === true, run);
  }

  #failure(thrown: unknown, contentType: string, operation: string, request: RpcRequest): RpcAnswer {
    const error = thrown instanceof AwsError ? thrown : ofStore(thrown);
    if (error.status >= 500)
      this.#log.error({ err: error.cause ?? error, requestId: request.id, operation }, "a request failed");
    const key = error.code === "SerializationException" || error.fields !== undefined ? "Message" : "message";
    const message = error.message === "" ? {} : { [key]: error.message };
    return {
      status: error.status,
      body: JSON.stringify({ __type: error.type, ...message, ...error.fields }),
      contentType: answerType(contentType),
      operation,
    };
  }
}

function parse(body: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw serialization("");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw serialization("");
}

/** What the store reports: the client should try again, or nobody knows better. */
function ofStore(thrown: unknown): AwsError {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  switch (code) {
    case "disk_full":
    case "read_only":
    case "io_error":
    case "failed":
    case "closed":
    case "lock_timeout":
      return unavailable(`the store cannot do this now (${code})`, thrown);
    default:
      return internal(thrown);
  }
}

function success(answer: Answer, contentType: string, operation: string): RpcAnswer {
  return {
    status: 200,
    body: typeof answer === "string" ? answer : JSON.stringify(answer),
    contentType: answerType(contentType),
    operation,
  };
}

function answerType(contentType: string): string {
  return contentType === "application/json" ? contentType : amzJson;
}

function mediaType(header: string | undefined): string {
  if (header === undefined || header === amzJson) return header ?? "";
  return (header.split(";")[0] ?? "").trim().toLowerCase();
}

function healthy({ headers }: RpcRequest): RpcAnswer {
  const body = `healthy: ${headers.host ?? "dynamodb"} `;
  return { status: 200, body, contentType: "text/plain", operation: "health" };
}

const notFound: RpcAnswer = {
  status: 404,
  body: "<UnknownOperationException/>\n",
  contentType: "application/xml",
  operation: "none",
};
