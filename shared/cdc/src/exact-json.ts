/** JSON as it is taken apart and put together again without changing a number. */
export type JsonObject = Record<string, unknown>;

/** Numbers that a double cannot hold as they are written stay the text that they are. */
const keepNumber = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source
    ? rawJson(context.source)
    : value;

// Both are in Node 22 and later, but not in TypeScript's library yet.
const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};
const parse = JSON.parse as (text: string, reviver: typeof keepNumber) => unknown;

/** @throws SyntaxError */
export function parseExact(text: string): unknown {
  return parse(text, keepNumber);
}

/** Whether a value stands for a number that a double cannot hold. */
export function isNumberText(value: unknown): boolean {
  return isRawJson(value);
}

/** The text of what `parseExact` gave. */
export function writeExact(value: unknown): string {
  return JSON.stringify(value);
}
