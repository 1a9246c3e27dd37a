import type { IncomingHttpHeaders } from "node:http";
import type { FieldError } from "./problem.ts";
import { problems } from "./problems.ts";

const tagPattern = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
const listPattern = /^\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*|$))+$/;

/** What a client knows of the entity it asks about (RFC 9110, 13.1). */
export interface Preconditions {
  /** `If-Match`: `*`, or the opaque tags without quotes. Undefined when not given. */
  readonly ifMatch: "*" | readonly string[] | undefined;
  /** `If-None-Match`, likewise. */
  readonly ifNoneMatch: "*" | readonly string[] | undefined;
}

/** @throws Problem `invalid-request` for what is no list of entity tags. */
export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions {
  return {
    ifMatch: tagsOf("if-match", headers["if-match"]),
    ifNoneMatch: tagsOf("if-none-match", headers["if-none-match"]),
  };
}

function tagsOf(name: string, value: string | undefined): "*" | readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (value.trim() === "*") return "*";
  if (!listPattern.test(value)) {
    const detail = `the header ${name} is neither * nor a list of entity tags in quotes`;
    const error: FieldError = { in: "header", pointer: `/${name}`, detail: 'must be like "abc", or *' };
    throw problems.invalidRequest(detail, { errors: [error] });
  }
  return [...value.matchAll(tagPattern)].map(([, , tag = ""]) => tag);
}
