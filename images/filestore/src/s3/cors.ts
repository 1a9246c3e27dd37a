import type { IncomingHttpHeaders } from "node:http";
import { globMatches } from "../access/glob.ts";
import { S3Error } from "../errors.ts";
import type { CorsRule } from "../storage/buckets.ts";
import type { Reply } from "./answer/reply.ts";

/** The headers that let a page of another origin see an answer; none where no rule lets it. */
export function corsHeaders(
  rules: readonly CorsRule[] | undefined,
  headers: Readonly<IncomingHttpHeaders>,
  method: string,
): Record<string, string> {
  const { origin } = headers;
  if (typeof origin !== "string") return {};
  const asked = headers["access-control-request-method"];
  const named = typeof asked === "string" ? asked : method;
  const rule = rules?.find((one) => fits(one, origin, named, []));
  return rule === undefined ? {} : headersOf(rule, origin);
}

/** Answers what a browser asks before it calls. @throws S3Error `AccessDenied` */
export function preflight(
  rules: readonly CorsRule[] | undefined,
  headers: Readonly<IncomingHttpHeaders>,
): Reply {
  const { origin } = headers;
  const method = headers["access-control-request-method"];
  if (typeof origin !== "string") {
    throw new S3Error(
      "InvalidRequest",
      "Insufficient information. Origin request header needed.",
      {},
      { status: 400 },
    );
  }
  if (typeof method !== "string") {
    throw new S3Error("InvalidRequest", "Invalid Access-Control-Request-Method: null", {}, { status: 400 });
  }
  const asked = headers["access-control-request-headers"];
  const names = typeof asked === "string" ? asked.split(",").map((name) => name.trim().toLowerCase()) : [];
  const rule = rules?.find((one) =>
    fits(
      one,
      origin,
      method,
      names.filter((name) => name !== ""),
    ),
  );
  if (rule === undefined) {
    throw new S3Error("AccessDenied", "CORSResponse: This CORS request is not allowed.", {
      Method: method,
      ResourceType: "OBJECT",
    });
  }
  return {
    status: 200,
    headers: {
      ...headersOf(rule, origin),
      ...(names.length > 0 && { "access-control-allow-headers": names.join(", ") }),
    },
  };
}

function fits(rule: CorsRule, origin: string, method: string, names: readonly string[]): boolean {
  return (
    rule.methods.includes(method) &&
    rule.origins.some((pattern) => globMatches(pattern, origin)) &&
    names.every((name) => rule.headers.some((pattern) => globMatches(pattern.toLowerCase(), name)))
  );
}

function headersOf(
  { origins, methods, exposed, maxAgeSeconds }: CorsRule,
  origin: string,
): Record<string, string> {
  const isAny = origins.includes("*");
  return {
    "access-control-allow-origin": isAny ? "*" : origin,
    "access-control-allow-methods": methods.join(", "),
    ...(exposed.length > 0 && { "access-control-expose-headers": exposed.join(", ") }),
    ...(maxAgeSeconds !== undefined && { "access-control-max-age": String(maxAgeSeconds) }),
    ...(!isAny && { "access-control-allow-credentials": "true" }),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
}
