import type { FastifyRequest } from "fastify";

const name = "weftkit_session";

/** The session's token of a request. */
export function tokenOf(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * What gives a browser a token, or takes it away. There is no path: the browser takes that of the request's own address,
 * `/api`, also when a proxy has put the page behind a prefix.
 */
export function setCookie(request: FastifyRequest, token: string | undefined): string {
  const isSecure = request.protocol === "https" || request.headers["x-forwarded-proto"] === "https";
  const end = token === undefined ? "; Max-Age=0" : "";
  return `${name}=${token ?? ""}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}${end}`;
}
