import type { Expr, SpecialExpr } from "../analyse/expr.ts";
import { oid } from "../types/oids.ts";

/** How the parts of SQL/JSON are written. */
export interface JsonWriter {
  expr(expr: Expr): string;
  type(typeOid: number, typmod: number): string;
  literal(text: string): string;
  name(name: string): string;
}

/** SQL/JSON as SQL again; undefined for what is none. */
export function deparseJson(expr: SpecialExpr, write: JsonWriter): string | undefined {
  const args = expr.args.map((arg) => write.expr(arg));
  const { options } = expr;
  const unique = options.unique === true ? " WITH UNIQUE KEYS" : "";
  const returning = ` RETURNING ${expr.type === oid.jsonb ? "jsonb" : "json"}`;
  switch (expr.name) {
    case "jsonObject": {
      const members: string[] = [];
      for (let i = 0; i < args.length; i += 2) {
        const key = expr.args[i]!;
        const isText = key.kind === "const" && key.type === oid.text && key.value !== null;
        members.push(`${isText ? write.literal(String(key.value)) : args[i]} : ${args[i + 1]}`);
      }
      const absent = options.absent === true ? " ABSENT ON NULL" : "";
      return `JSON_OBJECT(${members.join(", ")}${absent}${unique}${returning})`.replace("( ", "(");
    }
    case "jsonArray":
      return `JSON_ARRAY(${args.join(", ")}${options.absent === true ? "" : " NULL ON NULL"}${returning})`.replace(
        "( ",
        "(",
      );
    case "jsonScalar":
      return `JSON_SCALAR(${args[0]})`;
    case "jsonParse":
      return `JSON(${args[0]}${unique})`;
    case "isJson": {
      const item = options.item === "any" ? "" : ` ${String(options.item).toUpperCase()}`;
      return `(${args[0]} IS JSON${item}${unique})`;
    }
    case "bytesAsText":
      return `convert_from(${args[0]}, 'UTF8')`;
    case "textAsBytes":
      return `convert_to(${args[0]}, 'UTF8')`;
    case "jsonAsk":
      return ask(expr, args, write);
    default:
      return undefined;
  }
}

function ask(expr: SpecialExpr, args: readonly string[], write: JsonWriter): string {
  const { op, wrapper, omitsQuotes, onEmpty, onError } = expr.options as Record<string, string | boolean>;
  const names = expr.options.names as readonly string[];
  const defaults = args.slice(2 + names.length);
  const [, path] = expr.args;
  let text = `JSON_${String(op).toUpperCase()}(${args[0]}, `;
  text += path?.kind === "const" ? write.literal(String(path.value)) : `(${args[1]})`;
  if (names.length > 0)
    text += ` PASSING ${names.map((name, i) => `${args[2 + i]} AS ${write.name(name)}`).join(", ")}`;
  if (op !== "exists" || expr.type !== oid.bool) text += ` RETURNING ${write.type(expr.type, expr.typmod)}`;
  if (op === "query") {
    text +=
      wrapper === "conditional" || wrapper === "unconditional"
        ? ` WITH ${wrapper.toUpperCase()} WRAPPER`
        : " WITHOUT WRAPPER";
    text +=
      omitsQuotes === true
        ? " OMIT QUOTES"
        : wrapper === "unspec" || wrapper === "none"
          ? " KEEP QUOTES"
          : "";
  }
  let used = 0;
  for (const [does, when] of [
    [onEmpty, "EMPTY"],
    [onError, "ERROR"],
  ])
    if (does === "default") text += ` DEFAULT ${defaults[used++]} ON ${when}`;
    else if (does !== "") text += ` ${String(does).replace("_", " ").toUpperCase()} ON ${when}`;
  return `${text})`;
}
