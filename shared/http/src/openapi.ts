import type { TObject, TSchema } from "typebox";
import type { ProblemKind } from "./problem.ts";
import { problems } from "./problems.ts";
import type { Bodies, ResponseDoc, Route } from "./route.ts";

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  /** Markdown. */
  readonly description: string;
  readonly prefix: string;
  /** By tag, in the order in which they are shown. */
  readonly tags: Readonly<Record<string, string>>;
}

type Json = Readonly<Record<string, unknown>>;

/** What every operation can answer. */
const always: readonly ProblemKind[] = [
  problems.invalidRequest,
  problems.unauthorized,
  problems.forbidden,
  problems.tooManyRequests,
  problems.internal,
  problems.unavailable,
];
const withBody: readonly ProblemKind[] = [problems.bodyTooLarge, problems.unsupportedMediaType];

/** The OpenAPI 3.1 document of the routes; their schemas are JSON Schema already. */
export function openApiDocument(routes: readonly Route[], info: ApiInfo): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace("...}", "}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: info.title,
      version: info.version,
      description: info.description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: info.prefix }],
    tags: Object.entries(info.tags).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }, { basic: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A JSON Web Token, or `user:password`." },
        basic: { type: "http", scheme: "basic" },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

function operationOf(route: Route): Json {
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")],
    ...(route.body !== undefined && { requestBody: { required: true, content: bodyContent(route.body) } }),
    responses: { ...responsesOf(route.responses), ...problemResponses(route) },
  };
}

function parametersOf(schema: TObject, where: "path" | "query") {
  const { properties, required = [] } = schema as {
    properties: Record<string, TSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as TSchema & { description?: string };
    return {
      name,
      in: where,
      required: where === "path" || required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function bodyContent(bodies: Bodies): Json {
  return Object.fromEntries(
    Object.entries(bodies).map(([type, body]) => [type, body.kind === "json" ? { schema: body.schema } : {}]),
  );
}

function responsesOf(responses: Readonly<Record<number, ResponseDoc>>): Json {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, content, headers }]) => [
      status,
      {
        description,
        ...(headers !== undefined && {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: "string" } },
            ]),
          ),
        }),
        ...(content !== undefined && {
          content: Object.fromEntries(
            Object.entries(content).map(([type, schema]) => [type, schema === undefined ? {} : { schema }]),
          ),
        }),
      },
    ]),
  );
}

/** One response a status, with the names of all problems that have it. */
function problemResponses(route: Route): Json {
  const kinds = [...always, ...(route.body === undefined ? [] : withBody), ...route.problems];
  const byStatus = Map.groupBy(new Set(kinds), ({ type }) => type.status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map(({ type }) => `\`${type.name}\`: ${type.title}.`).join(" "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

const problemSchema = {
  type: "object",
  description: "An error (RFC 9457).",
  required: ["type", "title", "status", "detail", "instance"],
  properties: {
    type: { type: "string", description: "`urn:weftkit:problem:` and the problem's name." },
    title: { type: "string", description: "The same for every problem of the type." },
    status: { type: "integer" },
    detail: { type: "string", description: "What happened, and what to do." },
    instance: { type: "string", description: "Names this occurrence; the log has it too." },
    errors: {
      type: "array",
      description: "What is wrong in detail.",
      items: {
        type: "object",
        properties: {
          pointer: { type: "string", description: "A JSON pointer." },
          in: { enum: ["body", "query", "path", "header"] },
          detail: { type: "string" },
        },
      },
    },
  },
};
