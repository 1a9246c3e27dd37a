import { S3Error } from "../errors.ts";
import { conditionHolds, isConditionOperator } from "./conditions.ts";
import { globMatches } from "./glob.ts";

/** One statement of a bucket policy, read and checked. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principal: Matches;
  readonly action: Matches;
  readonly resource: Matches;
  readonly conditions: readonly Condition[];
}

/** Texts with `*` and `?`, or all but those. */
interface Matches {
  readonly patterns: readonly string[];
  readonly isNegated: boolean;
}

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Policy {
  readonly statements: readonly Statement[];
}

/** What a policy is asked about. */
export interface PolicyQuestion {
  /** All the names that who asks can be called by in a policy; `*` is always one of them. */
  readonly principals: readonly string[];
  /** `s3:GetObject`. */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key`. */
  readonly resource: string;
  /** The value of a condition key in lower case; undefined when it is not there. */
  value(key: string): readonly string[] | undefined;
}

export type Verdict = "allow" | "deny" | "none";

const policyBytesMax = 20 * 1024;
const statementsMax = 200;

/** @throws S3Error `MalformedPolicy` */
export function readPolicy(text: string, bucket: string): Policy {
  if (Buffer.byteLength(text) > policyBytesMax)
    throw malformed("Policy exceeds the maximum allowed document size");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  const statements = recordOf(json, "policy").Statement;
  const list = Array.isArray(statements) ? statements : statements === undefined ? [] : [statements];
  if (list.length === 0) throw malformed("Missing required field Statement");
  if (list.length > statementsMax) throw malformed("Policy has too many statements");
  return { statements: list.map((one) => readStatement(recordOf(one, "statement"), bucket)) };
}

function readStatement(given: Readonly<Record<string, unknown>>, bucket: string): Statement {
  const effect = given.Effect;
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Invalid effect");
  const resource = matches(given, "Resource", "NotResource");
  for (const pattern of resource.patterns) {
    const match = /^arn:aws(?:-[\w-]+)?:s3:[^:]*:[^:]*:([^/]+)(?:\/.*)?$/s.exec(pattern);
    if (pattern !== "*" && (match === null || !globMatches(match[1]!, bucket))) {
      throw malformed("Policy has invalid resource");
    }
  }
  const action = matches(given, "Action", "NotAction");
  if (action.patterns.some((pattern) => pattern !== "*" && !/^s3:[\w*?]+$/i.test(pattern))) {
    throw malformed("Policy has invalid action");
  }
  return {
    effect,
    principal: principalOf(given),
    action: { ...action, patterns: action.patterns.map((pattern) => pattern.toLowerCase()) },
    resource,
    conditions: conditionsOf(given.Condition),
  };
}

function principalOf(given: Readonly<Record<string, unknown>>): Matches {
  const isNegated = given.NotPrincipal !== undefined;
  if (isNegated && given.Effect === "Allow") throw malformed("Allow with NotPrincipal is not allowed.");
  const principal = given.Principal ?? given.NotPrincipal;
  if (principal === "*") return { patterns: ["*"], isNegated };
  if (typeof principal !== "object" || principal === null)
    throw malformed("Missing required field Principal");
  const patterns = Object.entries(principal as Record<string, unknown>).flatMap(([kind, value]) => {
    if (!["AWS", "CanonicalUser", "Federated", "Service"].includes(kind))
      throw malformed("Invalid principal in policy");
    return textsOf(value, "Invalid principal in policy");
  });
  return { patterns, isNegated };
}

function matches(given: Readonly<Record<string, unknown>>, name: string, negated: string): Matches {
  const isNegated = given[name] === undefined;
  const value = given[isNegated ? negated : name];
  if (value === undefined) throw malformed(`Missing required field ${name}`);
  return { patterns: textsOf(value, `Policy has invalid ${name.toLowerCase()}`), isNegated };
}

function conditionsOf(given: unknown): Condition[] {
  if (given === undefined) return [];
  return Object.entries(recordOf(given, "condition")).flatMap(([operator, keys]) => {
    if (!isConditionOperator(operator)) throw malformed(`Invalid Condition type : ${operator}`);
    return Object.entries(recordOf(keys, "condition")).map(([key, value]) => ({
      operator,
      key: key.toLowerCase(),
      values: (Array.isArray(value) ? value : [value]).map(String),
    }));
  });
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(`Policy has an invalid ${what}`);
}

function textsOf(value: unknown, message: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.some((one) => typeof one !== "string")) throw malformed(message);
  return list as string[];
}

function malformed(message: string): S3Error {
  return new S3Error("MalformedPolicy", message);
}

/** What the statements say together: a denial wins. */
export function evaluate(policy: Policy, question: PolicyQuestion): Verdict {
  let verdict: Verdict = "none";
  for (const statement of policy.statements) {
    if (!applies(statement, question)) continue;
    if (statement.effect === "Deny") return "deny";
    verdict = "allow";
  }
  return verdict;
}

function applies(statement: Statement, question: PolicyQuestion): boolean {
  const { principal, action, resource, conditions } = statement;
  return (
    matchesAny(action, [question.action.toLowerCase()]) &&
    matchesAny(resource, [question.resource]) &&
    principal.patterns.some((pattern) => question.principals.some((name) => globMatches(pattern, name))) !==
      principal.isNegated &&
    conditions.every((condition) => conditionHolds(condition, question.value(condition.key)))
  );
}

function matchesAny({ patterns, isNegated }: Matches, texts: readonly string[]): boolean {
  return patterns.some((pattern) => texts.some((text) => globMatches(pattern, text))) !== isNegated;
}

/** Whether it allows something to everybody, without a condition that keeps the public out. */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(
    ({ effect, principal, conditions }) =>
      effect === "Allow" &&
      (principal.isNegated || principal.patterns.includes("*")) &&
      !conditions.some(({ key, operator, values }) => narrowing.has(key) && isFixed(key, operator, values)),
  );
}

/** Condition keys with fixed values by which a policy is not public. */
const narrowing: ReadonlySet<string> = new Set([
  "aws:sourceip",
  "aws:sourcearn",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceowner",
  "aws:sourceaccount",
  "aws:userid",
  "aws:principalorgid",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

function isFixed(key: string, operator: string, values: readonly string[]): boolean {
  if (key === "aws:sourceip")
    return /^IpAddress/.test(operator) && !values.some((value) => value.endsWith("/0"));
  return !values.some((value) => value.includes("*"));
}
