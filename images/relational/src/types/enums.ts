import type { TypeInfo } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { decodeText, textOps } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

/** An enum's value is its label; labels have the order of their definition. */
export function enumOps(type: TypeInfo): TypeOps {
  const ranks = new Map((type.labels ?? []).map(({ label, sort }) => [label, sort]));
  const checked = (label: string): string => {
    if (!ranks.has(label))
      throw new PgError("22P02", `invalid input value for enum ${type.name}: "${label}"`);
    return label;
  };
  return {
    ...textOps,
    input: checked,
    compare: (a, b) => (ranks.get(a as string) ?? 0) - (ranks.get(b as string) ?? 0),
    receive: (bytes) => checked(decodeText(bytes)),
  };
}
