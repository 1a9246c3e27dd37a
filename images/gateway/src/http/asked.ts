import type { AwsService } from "../routes/route.ts";

/** What of a request routes are told apart by. */
export interface RequestAsked {
  readonly host: string | undefined;
  readonly path: string;
  readonly aws: AwsService | undefined;
}

/** Reads a request's target and headers (by lower-case name). */
export function readAsked(
  target: string,
  header: (name: "host" | "x-amz-target" | "authorization") => string | undefined,
): RequestAsked {
  // RFC 9112, 3.2.2: a whole URL as the target has the host that counts.
  const whole = /^https?:\/\/([^/?#]*)([^?#]*)/i.exec(target);
  const authority = whole === null ? header("host") : whole[1];
  const path = whole === null ? target.split("?", 1)[0]! : whole[2] === "" ? "/" : whole[2]!;
  return {
    host: authority?.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, ""),
    path,
    aws: awsServiceOf(target, header("x-amz-target"), header("authorization")),
  };
}

/** The service that a signature is made for (its scope: day, region, service), or DynamoDB's own header. */
function awsServiceOf(
  target: string,
  operation: string | undefined,
  authorization: string | undefined,
): AwsService | undefined {
  if (operation?.startsWith("DynamoDB") === true) return "dynamodb";
  // Each is found once and then cut: to look for its parts from every beginning takes seconds for what is made for it.
  const signed =
    /Credential=([^,\s]*)/.exec(authorization ?? "") ?? /[?&]X-Amz-Credential=([^&]*)/i.exec(target);
  const [day, , service, terminator] = signed?.[1]?.split(/\/|%2F/i).slice(-4) ?? [];
  if (terminator !== "aws4_request" || !/^\d{8}$/.test(day ?? "")) return undefined;
  return service === "dynamodb" || service === "s3" ? service : undefined;
}
