import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";

export type IndexType = "RANGE" | "TEXT" | "POINT" | "FULLTEXT" | "LOOKUP";
export type ConstraintType = "UNIQUENESS" | "KEY" | "EXISTENCE" | "PROPERTY_TYPE";

/** An index or a constraint; a constraint on values that are unique is its own index. */
export interface SchemaRule {
  readonly id: number;
  readonly name: string;
  readonly kind: "index" | "constraint";
  readonly type: IndexType | ConstraintType;
  readonly entity: "NODE" | "RELATIONSHIP";
  readonly labels: readonly string[];
  readonly properties: readonly string[];
  /** Of PROPERTY_TYPE, as `valueType()` writes it. */
  readonly propertyType?: string;
  /** Of FULLTEXT: what words are cut by. */
  readonly analyzer?: string;
}

/** The rules of the database at one moment. */
export class Schema {
  readonly rules: readonly SchemaRule[];
  readonly #indexes = new Map<string, SchemaRule[]>();

  constructor(rules: readonly SchemaRule[]) {
    this.rules = rules;
    for (const rule of rules) {
      for (const label of rule.labels) {
        const key = `${rule.entity}:${label}`;
        const known = this.#indexes.get(key);
        if (known === undefined) this.#indexes.set(key, [rule]);
        else known.push(rule);
      }
    }
  }

  static load(db: Database): Schema {
    const rows = statement(db, "SELECT id, definition FROM schema_rule ORDER BY id", { raw: true }).all() as [
      number,
      string,
    ][];
    return new Schema(
      rows.map(([id, definition]) => ({ ...(JSON.parse(definition) as Omit<SchemaRule, "id">), id })),
    );
  }

  /** The rules about a label or a relationship type. */
  of(entity: "NODE" | "RELATIONSHIP", label: string): readonly SchemaRule[] {
    return this.#indexes.get(`${entity}:${label}`) ?? [];
  }

  byName(name: string): SchemaRule | undefined {
    return this.rules.find((rule) => rule.name === name);
  }
}

/** Whether a rule has an ordered index of its own. */
export function hasEntries({ type }: SchemaRule): boolean {
  return type === "RANGE" || type === "TEXT" || type === "POINT" || type === "UNIQUENESS" || type === "KEY";
}

export function isUnique({ type }: SchemaRule): boolean {
  return type === "UNIQUENESS" || type === "KEY";
}
