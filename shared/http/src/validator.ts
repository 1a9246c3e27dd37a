import { nearestName } from "@weftkit/core";
import type { TObject, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import type { FieldError } from "./problem.ts";
import { problems } from "./problems.ts";

/** No more mistakes than this are listed; the rest shows when these are mended. */
const errorsMax = 20;

type Where = FieldError["in"];

/** Checks values against a schema, and says in full what is wrong. */
export class Validator {
  readonly #schema: TSchema;
  readonly #in: Where;
  readonly #compiled: ReturnType<typeof Compile>;

  constructor(schema: TSchema, where: Where) {
    this.#schema = schema;
    this.#in = where;
    this.#compiled = Compile(schema);
  }

  /** @throws Problem `invalid-request` with every mistake. */
  check(value: unknown): void {
    if (this.#compiled.Check(value)) return;
    const errors: FieldError[] = [];
    for (const error of this.#compiled.Errors(value)) {
      // What a rejected branch or a forbidden member says beside the error that stands for it.
      if (error.keyword === "boolean" || error.keyword === "const") continue;
      errors.push(...this.#explain(error));
      if (errors.length >= errorsMax) break;
    }
    const first = errors[0];
    const detail = first === undefined ? `the ${this.#in} is not valid` : sentence(first);
    throw problems.invalidRequest(detail, { errors });
  }

  /** Reads texts (of a query) as the schema's types; for what cannot be read the check will have words. */
  read(texts: Readonly<Record<string, unknown>>): unknown {
    const { properties = {} } = this.#schema as Partial<TObject>;
    const value = Object.fromEntries(
      Object.entries(texts).map(([name, text]) => {
        const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
        return [name, schema === undefined ? text : readAs(text, schema)];
      }),
    );
    this.check(value);
    return value;
  }

  #explain(error: {
    keyword: string;
    instancePath: string;
    params: object;
    message: string;
    schemaPath: string;
  }): FieldError[] {
    const at = (pointer: string, detail: string): FieldError => ({ pointer, in: this.#in, detail });
    const params = error.params as Readonly<Record<string, unknown>>;
    const { instancePath: path } = error;
    if (error.keyword === "additionalProperties") {
      const known = path === "" ? Object.keys((this.#schema as TObject).properties ?? {}) : [];
      return (params.additionalProperties as string[]).map((name) => {
        const nearest = nearestName(name, known);
        const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
        return at(`${path}/${escapePointer(name)}`, `is not known here${hint}`);
      });
    }
    if (error.keyword === "required") {
      const missing = params.requiredProperties as string[];
      return missing.map((name) => at(`${path}/${escapePointer(name)}`, "is missing"));
    }
    if (error.keyword === "enum") {
      return [at(path, `must be one of ${(params.allowedValues as unknown[]).join(", ")}`)];
    }
    return [at(path, error.message)];
  }
}

/** Numbers and truth values as JSON writes them; no more liberties are taken, so that what is accepted is documented. */
function readAs(text: unknown, schema: TSchema): unknown {
  const { type } = schema as { readonly type?: unknown };
  if (typeof text !== "string") return Value.Convert(schema, text);
  if (type === "integer") return /^-?(?:0|[1-9]\d*)$/.test(text) ? Number(text) : text;
  if (type === "number") return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" || text === "false" ? text === "true" : text;
  return Value.Convert(schema, text);
}

function sentence({ pointer, in: where, detail }: FieldError): string {
  return pointer === "" ? `the ${where} ${detail}` : `${where} ${pointer} ${detail}`;
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
