import { BlockList } from "node:net";
import { globMatches } from "./glob.ts";

/** Whether a value of the request agrees with one of the policy. */
type Comparison = (found: string, wanted: string) => boolean;

const number =
  (compare: (a: number, b: number) => boolean): Comparison =>
  (found, wanted) =>
    compare(Number(found), Number(wanted));

const date =
  (compare: (a: number, b: number) => boolean): Comparison =>
  (found, wanted) =>
    compare(timeOf(found), timeOf(wanted));

/** A comparison, and whether it holds when no value agrees. */
const operators: Readonly<Record<string, readonly [Comparison, boolean]>> = {
  StringEquals: [(a, b) => a === b, false],
  StringNotEquals: [(a, b) => a === b, true],
  StringEqualsIgnoreCase: [(a, b) => a.toLowerCase() === b.toLowerCase(), false],
  StringNotEqualsIgnoreCase: [(a, b) => a.toLowerCase() === b.toLowerCase(), true],
  StringLike: [(a, b) => globMatches(b, a), false],
  StringNotLike: [(a, b) => globMatches(b, a), true],
  ArnEquals: [(a, b) => globMatches(b, a), false],
  ArnNotEquals: [(a, b) => globMatches(b, a), true],
  ArnLike: [(a, b) => globMatches(b, a), false],
  ArnNotLike: [(a, b) => globMatches(b, a), true],
  NumericEquals: [number((a, b) => a === b), false],
  NumericNotEquals: [number((a, b) => a === b), true],
  NumericLessThan: [number((a, b) => a < b), false],
  NumericLessThanEquals: [number((a, b) => a <= b), false],
  NumericGreaterThan: [number((a, b) => a > b), false],
  NumericGreaterThanEquals: [number((a, b) => a >= b), false],
  DateEquals: [date((a, b) => a === b), false],
  DateNotEquals: [date((a, b) => a === b), true],
  DateLessThan: [date((a, b) => a < b), false],
  DateLessThanEquals: [date((a, b) => a <= b), false],
  DateGreaterThan: [date((a, b) => a > b), false],
  DateGreaterThanEquals: [date((a, b) => a >= b), false],
  Bool: [(a, b) => a.toLowerCase() === b.toLowerCase(), false],
  IpAddress: [isWithin, false],
  NotIpAddress: [isWithin, true],
  BinaryEquals: [(a, b) => a === b, false],
};

const form = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

export function isConditionOperator(text: string): boolean {
  const match = form.exec(text);
  return match !== null && (match[2] === "Null" || Object.hasOwn(operators, match[2]!));
}

/** `found` is what the request has for the condition's key. */
export function conditionHolds(
  { operator, values }: { readonly operator: string; readonly values: readonly string[] },
  found: readonly string[] | undefined,
): boolean {
  const [, set, name = "", ifExists] = form.exec(operator)!;
  if (name === "Null") return values.some((value) => (value === "true") === (found === undefined));
  const [agrees, isNegated] = operators[name]!;
  if (found === undefined) return ifExists !== undefined || isNegated || set === "ForAllValues";
  const holds = (one: string) => values.some((value) => agrees(one, value)) !== isNegated;
  return set === "ForAllValues" ? found.every(holds) : found.some(holds);
}

function timeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function isWithin(address: string, range: string): boolean {
  const [net = "", bits] = range.split("/");
  const kind = net.includes(":") ? "ipv6" : "ipv4";
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (plain.includes(":") !== net.includes(":")) return false;
  try {
    const list = new BlockList();
    if (bits === undefined) list.addAddress(net, kind);
    else list.addSubnet(net, Number(bits), kind);
    return list.check(plain, kind);
  } catch {
    // A range that is none holds nobody.
    return false;
  }
}
