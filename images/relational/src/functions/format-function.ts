import { PgError } from "../errors.ts";
import { quoteLiteral } from "../types/literals.ts";
import { quoteName } from "../types/type-text.ts";

/** format(): %s, %I, %L with positions and widths. */
export function formatText(text: string, args: readonly (string | null)[]): string {
  let next = 0;
  const take = (position: string | undefined): string | null => {
    const at = position === undefined ? next : Number(position.slice(0, -1)) - 1;
    if (position === "0$")
      throw new PgError("22023", "format specifies argument 0, but arguments are numbered from 1");
    next = at + 1;
    const value = args[at];
    if (value === undefined) throw new PgError("22023", "too few arguments for format()");
    return value;
  };
  return text.replace(
    /%(%|(\d+\$)?(-)?(\*(\d+\$)?|\d+)?(.?))/gs,
    (
      all,
      whole: string,
      position: string | undefined,
      minus: string | undefined,
      width: string | undefined,
      widthPosition: string | undefined,
      kind: string,
    ) => {
      if (whole === "%") return "%";
      if (all === "%" || kind === "")
        throw new PgError("22023", "unterminated format() type specifier", {
          hint: 'For a single "%" use "%%".',
        });
      let size = 0;
      let isLeft = minus !== undefined;
      if (width?.startsWith("*") === true) {
        const given = Number(take(widthPosition) ?? "0");
        if (given < 0) isLeft = true;
        size = Math.abs(given);
      } else if (width !== undefined) size = Number(width);
      if (!"sIL".includes(kind))
        throw new PgError("22023", `unrecognized format() type specifier "${kind}"`, {
          hint: 'For a single "%" use "%%".',
        });
      const value = take(position);
      let shown: string;
      if (kind === "s") shown = value ?? "";
      else if (kind === "L") shown = value === null ? "NULL" : quoteLiteral(value);
      else {
        if (value === null)
          throw new PgError("22004", "null values cannot be formatted as an SQL identifier");
        shown = quoteName(value);
      }
      return isLeft ? shown.padEnd(size) : shown.padStart(size);
    },
  );
}
