import { S3Error } from "../errors.ts";

/** Fields that need no condition. */
const free: ReadonlySet<string> = new Set([
  "x-amz-signature",
  "awsaccesskeyid",
  "signature",
  "policy",
  "file",
  "submit",
  "x-amz-checksum-crc32",
  "x-amz-checksum-crc32c",
  "x-amz-checksum-crc64nvme",
  "x-amz-checksum-sha1",
  "x-amz-checksum-sha256",
]);

export interface SizeRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Holds a form to its policy: each field to a condition, each condition to a field. Returns the bounds of the file's size.
 *
 * @throws S3Error `InvalidPolicyDocument`, `AccessDenied`
 */
export function checkPolicy(
  policy: string,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  nowMs: number,
): SizeRange | undefined {
  const document = parse(policy);
  const { expiration, conditions } = document;
  if (typeof expiration !== "string") throw invalid("Policy missing expiration.");
  const ends = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(expiration)
    ? Date.parse(expiration)
    : Number.NaN;
  if (Number.isNaN(ends)) throw invalid("Invalid 'expiration' value");
  if (ends <= nowMs) throw denied("Policy expired.");
  if (!Array.isArray(conditions)) throw invalid("Policy missing conditions.");
  const known = new Set<string>();
  let range: SizeRange | undefined;
  const value = (name: string) => (name === "bucket" ? bucket : fields.get(name));
  for (const condition of conditions as unknown[]) {
    if (Array.isArray(condition)) {
      const [operator, first, second] = condition as unknown[];
      const kind = String(operator).toLowerCase();
      if (condition.length !== 3) throw invalid("Invalid condition.");
      if (kind === "content-length-range") {
        range = { min: requireSize(first), max: requireSize(second) };
        continue;
      }
      if (typeof first !== "string" || !first.startsWith("$") || typeof second !== "string")
        throw invalid("Invalid condition.");
      const name = first.slice(1).toLowerCase();
      known.add(name);
      const found = value(name);
      if (kind === "eq" && found !== second) throw failed(condition);
      if (
        kind === "starts-with" &&
        found?.startsWith(second) !== true &&
        !(second === "" && found === undefined)
      )
        throw failed(condition);
      if (kind !== "eq" && kind !== "starts-with") throw invalid("Invalid condition.");
      continue;
    }
    if (typeof condition !== "object" || condition === null) throw invalid("Invalid condition.");
    const entries = Object.entries(condition as Record<string, unknown>);
    if (entries.length !== 1)
      throw invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
    const [[given, wanted]] = entries as [[string, unknown]];
    const name = given.toLowerCase();
    known.add(name);
    if (typeof wanted !== "string") throw invalid("Invalid condition.");
    if (value(name) !== wanted) throw failed(["eq", `$${given}`, wanted]);
  }
  for (const name of fields.keys()) {
    if (free.has(name) || known.has(name) || name.startsWith("x-ignore-")) continue;
    throw denied(`Invalid according to Policy: Extra input fields: ${name}`);
  }
  if (!known.has("bucket")) throw denied("Invalid according to Policy: Policy Condition failed: bucket");
  return range;
}

function parse(policy: string): { expiration?: unknown; conditions?: unknown } {
  try {
    const value: unknown = JSON.parse(policy);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // It is told below, as anything else that is no object.
  }
  throw invalid("Invalid JSON.");
}

function requireSize(value: unknown): number {
  const size = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (!Number.isInteger(size) || size < 0 || value === "") throw invalid("Invalid content-length-range.");
  return size;
}

function invalid(why: string): S3Error {
  return new S3Error("InvalidPolicyDocument", `Invalid Policy: ${why}`);
}

function denied(message: string): S3Error {
  return new S3Error("AccessDenied", message);
}

function failed(condition: readonly unknown[]): S3Error {
  return denied(`Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition)}`);
}
