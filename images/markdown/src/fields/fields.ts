import { invalidDocument } from "../problems.ts";

/** Front matter: names and JSON values. */
export type Fields = Readonly<Record<string, unknown>>;

export const fieldNameMax = 128;
export const fieldDepthMax = 16;
/** Values in all, elements and members counted. */
export const fieldValuesMax = 1000;
export const tagsMax = 100;
export const tagLengthMax = 100;

/**
 * Checks that fields are within the limits.
 *
 * @throws Problem `invalid-document` that names the field.
 */
export function checkFields(fields: Fields, where: "front matter" | "body"): Fields {
  let values = 0;
  const check = (value: unknown, pointer: string, depth: number) => {
    const refuse = (why: string) =>
      invalidDocument(`the ${where} ${why}`, { errors: [{ in: "body", pointer, detail: why }] });
    if (++values > fieldValuesMax) throw refuse(`has more than ${fieldValuesMax} values`);
    if (depth > fieldDepthMax) throw refuse(`is nested deeper than ${fieldDepthMax} levels`);
    if (typeof value === "string" && !value.isWellFormed())
      throw refuse(`has text at ${pointer} that is not Unicode`);
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (name === "__proto__" || !name.isWellFormed())
        throw refuse(`has a field that cannot have its name: ${at}`);
      if (name.length > fieldNameMax) throw refuse(`has a name longer than ${fieldNameMax} characters`);
      check(member, at, depth + 1);
    }
  };
  check(fields, "", 0);
  const tags = tagsOf(fields);
  const tooMany = tags.length > tagsMax;
  if (tooMany || tags.some((tag) => tag.length > tagLengthMax)) {
    const why = `has more than ${tagsMax} tags, or one longer than ${tagLengthMax} characters`;
    throw invalidDocument(`the ${where} ${why}`, { errors: [{ in: "body", pointer: "/tags", detail: why }] });
  }
  return fields;
}

/** The tags: a list, or words separated by commas. */
export function tagsOf({ tags }: Fields): string[] {
  const list = typeof tags === "string" ? tags.split(",") : Array.isArray(tags) ? tags : [];
  const texts = list.flatMap((tag) =>
    typeof tag === "string" || typeof tag === "number" ? String(tag).trim() : [],
  );
  return [...new Set(texts.filter((tag) => tag !== ""))];
}
