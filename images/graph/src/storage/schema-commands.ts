import { createHash } from "node:crypto";
import { CypherError, type StatusCode, typeError, unsupported } from "../errors.ts";
import type { SchemaCommand, TypeName } from "../parse/ast.ts";
import { fullTextTable } from "./full-text.ts";
import { type GraphWriter, schemaLocks } from "./graph-writer.ts";
import { compositeKey } from "./index-keys.ts";
import { hasEntries, isUnique, Schema, type SchemaRule } from "./schema.ts";

/** Neo4j has two before all others: those of labels and of types. */
const lookupIndexes = 2;

function refused(code: StatusCode, message: string): CypherError {
  return new CypherError(code, message);
}

function describe(rule: Pick<SchemaRule, "entity" | "labels" | "properties">): string {
  const properties = `{${rule.properties.join(", ")}}`;
  return rule.entity === "NODE"
    ? `(:${rule.labels.join("|")} ${properties})`
    : `()-[:${rule.labels.join("|")} ${properties}]-()`;
}

function same(
  a: Pick<SchemaRule, "entity" | "labels" | "properties">,
  b: Pick<SchemaRule, "entity" | "labels" | "properties">,
): boolean {
  return (
    a.entity === b.entity &&
    a.labels.join("\0") === b.labels.join("\0") &&
    a.properties.join("\0") === b.properties.join("\0")
  );
}

export function typeText(type: TypeName): string {
  const inner =
    type.kind === "scalar"
      ? type.name
      : type.kind === "list"
        ? `LIST<${typeText(type.inner)}>`
        : type.choices.map(typeText).join(" | ");
  return type.isNotNull ? `${inner} NOT NULL` : inner;
}

/** Writes the rules down and fills an index; the schema is the transaction's alone until it commits. */
class SchemaChange {
  readonly #writer: GraphWriter;

  constructor(writer: GraphWriter) {
    this.#writer = writer;
    writer.work.lock(schemaLocks, "schema", 0, "exclusive");
    writer.work.hold();
  }

  add(rule: Omit<SchemaRule, "id" | "name">, name: string | undefined): void {
    const { work, schema } = this.#writer;
    const kind = rule.kind === "constraint" ? "constraint" : "index";
    const given =
      name ??
      `${kind}_${createHash("sha256")
        .update(`${rule.type}${describe(rule)}`)
        .digest("hex")
        .slice(0, 8)}`;
    const id = work.nextRowid("schema_rule");
    const made: SchemaRule = { ...rule, id, name: given };
    const { id: _, ...definition } = made;
    work.change("INSERT INTO schema_rule(id, name, definition) VALUES (?, ?, ?)", [
      id,
      given,
      JSON.stringify(definition),
    ]);
    if (rule.type === "FULLTEXT") {
      const columns = rule.properties.map((_, i) => `c${i}`).join(", ");
      const tokenizer = rule.analyzer === "english" ? "porter unicode61" : "unicode61";
      work.change(
        `CREATE VIRTUAL TABLE ${fullTextTable(made)} USING fts5(${columns}, tokenize='${tokenizer}')`,
        [],
      );
    }
    this.#writer.setSchema(new Schema([...schema.rules, made]));
    this.#fill(made);
    if (rule.kind === "constraint") this.#writer.counts.constraintsAdded++;
    else this.#writer.counts.indexesAdded++;
  }

  #fill(rule: SchemaRule): void {
    const writer = this.#writer;
    for (const label of rule.labels) {
      if (rule.entity === "NODE") {
        const id = writer.tokens.find("label", label);
        if (id === undefined) continue;
        for (let last = -1; ; ) {
          const nodes = writer.nodesWithLabelAfter(id, last, 1000);
          for (const node of nodes) this.#enter(rule, node, writer.node(node)!.properties);
          if (nodes.length === 0) break;
          last = nodes.at(-1)!;
        }
      } else {
        const id = writer.tokens.find("type", label);
        if (id === undefined) continue;
        for (let last = -1; ; ) {
          const rels = writer.relsOfTypeAfter(id, last, 1000);
          for (const rel of rels) this.#enter(rule, rel.id, writer.rel(rel.id)!.properties);
          if (rels.length === 0) break;
          last = rels.at(-1)!.id;
        }
      }
    }
  }

  #enter(rule: SchemaRule, entity: number, properties: Parameters<GraphWriter["valuesOf"]>[1]): void {
    const writer = this.#writer;
    const values = writer.valuesOf(rule, properties);
    if (rule.type === "FULLTEXT") {
      writer.indexText(rule, entity, values);
      return;
    }
    if (!hasEntries(rule)) return;
    const key = compositeKey(values);
    if (key === undefined) return;
    if (isUnique(rule)) {
      try {
        writer.requireUnique(rule, entity, key, values);
      } catch (error) {
        if (!(error instanceof CypherError)) throw error;
        throw new CypherError(
          "Neo.DatabaseError.Schema.ConstraintCreationFailed",
          `Unable to create Constraint( name='${rule.name}', type='UNIQUENESS', schema=${describe(rule)} ): ${error.message}`,
          { cause: error },
        );
      }
    }
    writer.work.change("INSERT OR IGNORE INTO index_entry(rule, key, entity) VALUES (?, ?, ?)", [
      rule.id,
      key,
      entity,
    ]);
  }

  drop(rule: SchemaRule): void {
    const { work, schema } = this.#writer;
    work.change("DELETE FROM schema_rule WHERE id = ?", [rule.id]);
    work.change("DELETE FROM index_entry WHERE rule = ?", [rule.id]);
    if (rule.type === "FULLTEXT") work.change(`DROP TABLE ${fullTextTable(rule)}`, []);
    this.#writer.setSchema(new Schema(schema.rules.filter(({ id }) => id !== rule.id)));
    if (rule.kind === "constraint") this.#writer.counts.constraintsRemoved++;
    else this.#writer.counts.indexesRemoved++;
  }
}

function createIndex(command: Extract<SchemaCommand, { kind: "createIndex" }>, writer: GraphWriter): void {
  const { indexType, ifNotExists, entity, labels, properties, name } = command;
  if (indexType === "VECTOR") throw unsupported("A vector index");
  if (indexType === "LOOKUP") {
    // Labels and types are always looked up by an index.
    if (ifNotExists) return;
    throw refused(
      "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
      "An equivalent index already exists: labels and types have lookup indexes.",
    );
  }
  addIndex({ kind: "index", type: indexType, entity, labels, properties }, name, ifNotExists, writer);
}

/** Makes an index, unless there is one. @throws CypherError */
export function addIndex(
  rule: Omit<SchemaRule, "id" | "name">,
  name: string | undefined,
  ifNotExists: boolean,
  writer: GraphWriter,
): void {
  const { schema } = writer;
  const named = name === undefined ? undefined : schema.byName(name);
  const equal = schema.rules.find(
    (other) => same(other, rule) && (other.type === rule.type || (rule.type === "RANGE" && isUnique(other))),
  );
  if (ifNotExists && (named !== undefined || equal !== undefined)) return;
  const shown = (other: SchemaRule) =>
    `Index( id=${other.id + lookupIndexes}, name='${other.name}', type='${other.type}', schema=${describe(other)}, indexProvider='${other.type.toLowerCase()}-1.0' )`;
  if (equal !== undefined) {
    if (isUnique(equal))
      throw refused(
        "Neo.ClientError.Schema.IndexAlreadyExists",
        `There already exists an index ${describe(rule)}: the one of the constraint '${equal.name}'.`,
      );
    if (name === undefined || equal.name === name)
      throw refused(
        "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
        `An equivalent index already exists, '${shown(equal)}'.`,
      );
    throw refused(
      "Neo.ClientError.Schema.IndexAlreadyExists",
      `There already exists an index ${describe(rule)}.`,
    );
  }
  if (named !== undefined)
    throw refused(
      "Neo.ClientError.Schema.IndexWithNameAlreadyExists",
      `There already exists an index called '${name}'.`,
    );
  new SchemaChange(writer).add(rule, name);
}

function createConstraint(
  command: Extract<SchemaCommand, { kind: "createConstraint" }>,
  writer: GraphWriter,
): void {
  const { constraintType, ifNotExists, entity, label, properties, name, propertyType } = command;
  const { schema } = writer;
  const rule: Omit<SchemaRule, "id" | "name"> = {
    kind: "constraint",
    type: constraintType,
    entity,
    labels: [label],
    properties,
    ...(propertyType === undefined ? {} : { propertyType: typeText(propertyType) }),
  };
  if (constraintType === "EXISTENCE" || constraintType === "PROPERTY_TYPE" || constraintType === "KEY") {
    const what = {
      EXISTENCE: "Property existence",
      PROPERTY_TYPE: "Property type",
      KEY: entity === "NODE" ? "Node Key" : "Relationship Key",
    }[constraintType];
    throw refused(
      "Neo.DatabaseError.Schema.ConstraintCreationFailed",
      `Unable to create Constraint( type='${constraintType}', schema=${describe(rule)} ):\n${what} constraint requires Neo4j Enterprise Edition. Note that only uniqueness constraints are supported here.`,
    );
  }
  const named = name === undefined ? undefined : schema.byName(name);
  const equal = schema.rules.find(
    (other) => other.kind === "constraint" && same(other, rule) && other.type === rule.type,
  );
  if (ifNotExists && (named !== undefined || equal !== undefined)) return;
  if (equal !== undefined) {
    const shown = `Constraint( id=${equal.id + lookupIndexes}, name='${equal.name}', type='${equal.type}', schema=${describe(equal)}, ownedIndex=${equal.id} )`;
    if (name === undefined || equal.name === name)
      throw refused(
        "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
        `An equivalent constraint already exists, '${shown}'.`,
      );
    throw refused("Neo.ClientError.Schema.ConstraintAlreadyExists", `Constraint already exists: ${shown}`);
  }
  if (named !== undefined)
    throw refused(
      "Neo.ClientError.Schema.ConstraintWithNameAlreadyExists",
      `There already exists a constraint called '${name}'.`,
    );
  const index = schema.rules.find(
    (other) => other.kind === "index" && other.type === "RANGE" && same(other, rule),
  );
  if (index !== undefined)
    throw refused(
      "Neo.ClientError.Schema.IndexAlreadyExists",
      `There already exists an index ${describe(rule)}. A constraint cannot be created until the index has been dropped.`,
    );
  new SchemaChange(writer).add(rule, name);
}

/** Runs a command on indexes or constraints. @throws CypherError */
export function executeSchemaCommand(command: SchemaCommand, writer: GraphWriter): void {
  switch (command.kind) {
    case "createIndex":
      createIndex(command, writer);
      return;
    case "createConstraint":
      createConstraint(command, writer);
      return;
    case "dropIndex": {
      const rule = writer.schema.byName(command.name);
      if (rule === undefined || rule.kind !== "index") {
        if (command.ifExists) return;
        if (rule !== undefined)
          throw refused(
            "Neo.DatabaseError.Schema.IndexDropFailed",
            `Unable to drop index: Index belongs to constraint: \`${command.name}\``,
          );
        throw refused(
          "Neo.DatabaseError.Schema.IndexDropFailed",
          `Unable to drop index called \`${command.name}\`. There is no such index.`,
        );
      }
      new SchemaChange(writer).drop(rule);
      return;
    }
    case "dropConstraint": {
      const rule = writer.schema.byName(command.name);
      if (rule === undefined || rule.kind !== "constraint") {
        if (command.ifExists) return;
        throw refused(
          "Neo.DatabaseError.Schema.ConstraintDropFailed",
          `Unable to drop constraint \`${command.name}\`: No such constraint \`${command.name}\`.`,
        );
      }
      new SchemaChange(writer).drop(rule);
      return;
    }
  }
}

/** Drops an index by its name, for procedures. */
export function dropIndexByName(name: string, writer: GraphWriter): void {
  executeSchemaCommand({ kind: "dropIndex", at: 0, name, ifExists: false }, writer);
}

export function requireStrings(value: unknown, what: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as string[];
  throw typeError(`${what} must be a list of strings`);
}
