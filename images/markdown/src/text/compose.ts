import { checkFields, type Fields } from "../fields/fields.ts";
import { invalidDocument } from "../problems.ts";
import { type SplitText, splitText, withFields } from "./front-matter.ts";

/** Members of a document's JSON that are not fields. */
const notFields = new Set(["id", "content", "meta"]);

/** The fields among the members of a document's JSON. */
export function fieldsOf(members: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !notFields.has(name)));
}

/**
 * The text of a document that is written as JSON. Front matter at the head of `content` stays as it is written where the
 * members do not say otherwise.
 */
export function composeText(
  members: Readonly<Record<string, unknown>> & { readonly content: string },
): string {
  const split = splitText(members.content);
  const fields = { ...split.fields, ...checkFields(fieldsOf(members), "body") };
  return withFields(split, fields);
}

/**
 * The text of a document after a JSON Merge Patch of its fields and `content`.
 *
 * @throws Problem `invalid-document`
 */
export function patchText(before: SplitText, patch: Readonly<Record<string, unknown>>): string {
  const { content = before.body } = patch;
  if (content !== null && typeof content !== "string") {
    throw invalidDocument("content must be a text", {
      errors: [{ in: "body", pointer: "/content", detail: "must be a text" }],
    });
  }
  const written = content === before.body ? undefined : splitText(content ?? "");
  const fields = mergePatch({ ...before.fields, ...written?.fields }, fieldsOf(patch)) as Fields;
  checkFields(fields, "body");
  const hasOwnHead = written !== undefined && written.head !== "";
  return withFields(hasOwnHead ? written : { ...before, body: content ?? "" }, fields);
}

/** RFC 7396. Depth and size of the patch were bounded when it was parsed. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const merged = new Map<string, unknown>(isObject ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}
