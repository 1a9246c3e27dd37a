import { labelsToSet } from "../analyse/pattern-analyser.ts";
import { argumentError, CypherError, semanticError, typeError } from "../errors.ts";
import { propertiesOf } from "../functions/graph-functions.ts";
import type { Update } from "../operators/updates.ts";
import type {
  Expr,
  LabelExpr,
  LabelName,
  NodePattern,
  PathPattern,
  RelPattern,
  RemoveItem,
  SetItem,
} from "../parse/ast.ts";
import type { Evaluate, Row, RunContext } from "../runtime/context.ts";
import { typeName } from "../values/type-names.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";
import type { Names } from "./frame.ts";
import { dynamicNames } from "./labels.ts";
import { pathOf } from "./path-value.ts";
import { PatternPlanner } from "./pattern-planner.ts";
import { mapOf, missingEnd, storable, storableMap } from "./property-values.ts";

function setProperties(
  entity: NodeRef | RelRef,
  properties: ReadonlyMap<number, Value>,
  ctx: RunContext,
): void {
  if (entity instanceof NodeRef) ctx.writing.setNodeProperties(entity.id, properties);
  else ctx.writing.setRelProperties(entity.id, properties);
}

/** Compiles what writes. */
export abstract class UpdatePlanner extends PatternPlanner {
  /** Makes a pattern; gives the names with those that it brings. */
  creation(
    pattern: PathPattern,
    names: Names,
    isMerge: boolean,
  ): { update: Update; check: Update; names: Names } {
    const known = names.copy();
    const steps: Update[] = [];
    const checks: Update[] = [];
    const slots: number[] = [];
    const nodeName = (node: NodePattern): string => node.variable ?? "";
    for (const element of pattern.elements) {
      if (element.kind !== "node") {
        slots.push(-1);
        continue;
      }
      const existing = element.variable === undefined ? undefined : known.slot(element.variable);
      const slot = existing ?? this.frame.add();
      slots.push(slot);
      if (existing !== undefined) {
        checks.push((row) => {
          if (isMerge && row[slot] === null) throw missingEnd(nodeName(element));
        });
        continue;
      }
      const made = this.#node(element, slot, known, isMerge);
      steps.push(made.update);
      checks.push(made.check);
      if (element.variable !== undefined) known.set(element.variable, slot);
    }
    for (const [index, element] of pattern.elements.entries()) {
      if (element.kind !== "relationship") continue;
      const slot = this.frame.add();
      slots[index] = slot;
      const ends = element.direction === "in" ? [index + 1, index - 1] : [index - 1, index + 1];
      const names_ = ends.map((position) => nodeName(pattern.elements[position] as NodePattern));
      const made = this.#relationship(
        element,
        slot,
        slots[ends[0]!]!,
        slots[ends[1]!]!,
        names_,
        known,
        isMerge,
      );
      steps.push(made.update);
      checks.push(made.check);
      if (element.variable !== undefined) known.set(element.variable, slot);
    }
    if (pattern.variable !== undefined) {
      const slot = this.frame.add();
      known.set(pattern.variable, slot);
      const parts = slots.filter((_, index) => index % 2 === 1);
      steps.push((row) => {
        row[slot] = pathOf(row, slots[0]!, parts);
      });
    }
    const run =
      (updates: readonly Update[]): Update =>
      (row, ctx) => {
        for (const update of updates) update(row, ctx);
      };
    return { update: run(steps), check: run(checks), names: known };
  }

  #properties(
    expression: Expr | undefined,
    names: Names,
    isMerge: boolean,
    describe: (key: string) => string,
  ): { of: (row: Row, ctx: RunContext) => Map<number, Value>; check: Update } {
    if (expression === undefined) return { of: () => new Map(), check: () => {} };
    const evaluate = this.compile(expression, names);
    const check: Update = (row, ctx) => {
      if (!isMerge) return;
      const map = evaluate(row, ctx);
      if (!isMap(map)) return;
      for (const [key, value] of map) if (value === null) throw semanticError(describe(key));
    };
    return {
      of: (row, ctx) => {
        const map = evaluate(row, ctx);
        if (map === null) return new Map();
        if (!isMap(map))
          throw typeError(`Parameter provided for node creation is not a Map, got: ${typeName(map)}`);
        return storableMap(map, ctx);
      },
      check,
    };
  }

  #labelIds(
    labels: readonly (LabelExpr & { kind: "name" | "dynamic" })[],
    names: Names,
  ): (row: Row, ctx: RunContext) => number[] {
    const compiled = labels.map((label) =>
      label.kind === "name" ? label.name : this.compile(label.expression, names),
    );
    return (row, ctx) => {
      const ids = new Set<number>();
      for (const label of compiled) {
        for (const name of typeof label === "string" ? [label] : dynamicNames(label(row, ctx)))
          ids.add(ctx.writing.token("label", name));
      }
      return [...ids];
    };
  }

  #node(node: NodePattern, slot: number, names: Names, isMerge: boolean): { update: Update; check: Update } {
    const labels = this.#labelIds(labelsToSet(node.labels) ?? [], names);
    const shown = (labelsToSet(node.labels) ?? [])
      .map((label) => (label.kind === "name" ? `:${label.name}` : ""))
      .join("");
    const properties = this.#properties(
      node.properties,
      names,
      isMerge,
      (key) =>
        `Cannot merge the following node because of null property value for '${key}': (${shown} {${key}: null})`,
    );
    return {
      check: properties.check,
      update: (row, ctx) => {
        row[slot] = new NodeRef(ctx.writing.createNode(labels(row, ctx), properties.of(row, ctx)));
      },
    };
  }

  #relationship(
    rel: RelPattern,
    slot: number,
    start: number,
    end: number,
    endNames: readonly string[],
    names: Names,
    isMerge: boolean,
  ): { update: Update; check: Update } {
    const { types } = rel;
    const dynamic = types?.kind === "dynamic" ? this.compile(types.expression, names) : undefined;
    const properties = this.#properties(
      rel.properties,
      names,
      isMerge,
      (key) =>
        `Cannot merge the following relationship because of null property value for '${key}': (${endNames[0]})-[${rel.variable ?? ""}:${types?.kind === "name" ? types.name : ""} {${key}: null}]->(${endNames[1]})`,
    );
    return {
      check: properties.check,
      update: (row, ctx) => {
        const [from, to] = [row[start], row[end]];
        for (const [index, node] of [from, to].entries()) {
          if (node === null || node === undefined) throw missingEnd(endNames[index]!);
          if (!(node instanceof NodeRef))
            throw typeError(
              `Expected to find a node at '${endNames[index]}' but found ${typeName(node)} instead`,
            );
        }
        const typeNames =
          dynamic === undefined ? [(types as { name: string }).name] : dynamicNames(dynamic(row, ctx));
        if (typeNames.length !== 1) throw argumentError("Exactly one relationship type must be specified");
        const type = ctx.writing.token("type", typeNames[0]!);
        row[slot] = ctx.writing.createRel(
          type,
          (from as NodeRef).id,
          (to as NodeRef).id,
          properties.of(row, ctx),
        );
      },
    };
  }

  // ---- SET and REMOVE ----------------------------------------------------------------------------------------------

  assignment(item: SetItem, names: Names): Update {
    switch (item.kind) {
      case "property": {
        const object = this.compile(item.object, names);
        const key = this.#key(item.key, names);
        const value = this.compile(item.value, names);
        return (row, ctx) => this.#setProperty(object(row, ctx), key(row, ctx), () => value(row, ctx), ctx);
      }
      case "labels": {
        const target = this.compile({ kind: "variable", at: item.at, name: item.variable }, names);
        const labels = this.#givenLabels(item.labels, names);
        return (row, ctx) => {
          const node = target(row, ctx);
          if (node === null) return;
          const { id } = requireNode(node);
          const before = ctx.writing.node(id)?.labels ?? [];
          ctx.writing.setNodeLabels(id, [
            ...new Set([...before, ...labels(row, ctx).map((name) => ctx.writing.token("label", name))]),
          ]);
        };
      }
      case "replace":
      case "merge": {
        const target = this.compile({ kind: "variable", at: item.at, name: item.variable }, names);
        const value = this.compile(item.value, names);
        const { kind } = item;
        return (row, ctx) => {
          const entity = target(row, ctx);
          if (entity === null) return;
          this.#setAll(requireEntity(entity), value(row, ctx), kind === "replace", ctx);
        };
      }
    }
  }

  #key(key: Expr | string, names: Names): (row: Row, ctx: RunContext) => string {
    if (typeof key === "string") return () => key;
    const evaluate = this.compile(key, names);
    return (row, ctx) => {
      const name = evaluate(row, ctx);
      if (typeof name !== "string")
        throw typeError(`Expected a String as the name of a property, got ${typeName(name)}`);
      return name;
    };
  }

  #givenLabels(labels: readonly LabelName[], names: Names): (row: Row, ctx: RunContext) => readonly string[] {
    const compiled = labels.map((label): string | Evaluate =>
      "name" in label ? label.name : this.compile(label.expression, names),
    );
    return (row, ctx) =>
      compiled.flatMap((label) => (typeof label === "string" ? [label] : dynamicNames(label(row, ctx))));
  }

  #setProperty(target: Value, key: string, newValue: () => Value, ctx: RunContext): void {
    if (target === null) return;
    const entity = requireEntity(target);
    const value = newValue();
    const before = propertiesOf(entity, ctx);
    const properties = new Map(before);
    if (value === null) {
      const id = ctx.graph.tokens.find("key", key);
      if (id === undefined || !properties.delete(id)) return;
    } else properties.set(ctx.writing.token("key", key), storable(value));
    ctx.writing.counts.propertiesSet++;
    setProperties(entity, properties, ctx);
  }

  #setAll(entity: NodeRef | RelRef, value: Value, isReplacing: boolean, ctx: RunContext): void {
    if (value === null) {
      if (isReplacing) setProperties(entity, new Map(), ctx);
      return;
    }
    const before = propertiesOf(entity, ctx);
    const properties = new Map(isReplacing ? [] : before);
    let changes = 0;
    for (const [key, item] of mapOf(value, ctx)) {
      if (item === null) {
        const id = ctx.graph.tokens.find("key", key);
        if (id !== undefined && (properties.delete(id) || (isReplacing && before.has(id)))) changes++;
      } else {
        properties.set(ctx.writing.token("key", key), storable(item));
        changes++;
      }
    }
    if (isReplacing) for (const key of before.keys()) if (!properties.has(key)) changes++;
    ctx.writing.counts.propertiesSet += changes;
    setProperties(entity, properties, ctx);
  }

  removal(item: RemoveItem, names: Names): Update {
    if (item.kind === "property") {
      const object = this.compile(item.object, names);
      const key = this.#key(item.key, names);
      return (row, ctx) => this.#setProperty(object(row, ctx), key(row, ctx), () => null, ctx);
    }
    const target = this.compile({ kind: "variable", at: item.at, name: item.variable }, names);
    const labels = this.#givenLabels(item.labels, names);
    return (row, ctx) => {
      const node = target(row, ctx);
      if (node === null) return;
      const { id } = requireNode(node);
      const gone = new Set(labels(row, ctx).map((name) => ctx.graph.tokens.find("label", name)));
      const before = ctx.writing.node(id)?.labels ?? [];
      if (before.some((label) => gone.has(label)))
        ctx.writing.setNodeLabels(
          id,
          before.filter((label) => !gone.has(label)),
        );
    };
  }

  // ---- DELETE ------------------------------------------------------------------------------------------------------

  deletion(expression: Expr, names: Names, isDetach: boolean): Update {
    const target = this.compile(expression, names);
    const remove = (value: Value, ctx: RunContext): void => {
      if (value === null) return;
      if (value instanceof RelRef) ctx.writing.deleteRel(value.id);
      else if (value instanceof NodeRef) {
        if (isDetach)
          for (const rel of ctx.writing.relsOf(value.id, "both", undefined)) ctx.writing.deleteRel(rel.id);
        ctx.writing.deleteNode(value.id);
      } else if (value instanceof PathValue) {
        for (const rel of value.rels) remove(rel, ctx);
        for (const node of value.nodes) remove(node, ctx);
      } else if (isList(value)) for (const item of value) remove(item, ctx);
      else throw typeError(`Expected a Node, Relationship or Path, but got a ${typeName(value)}`);
    };
    return (row, ctx) => remove(target(row, ctx), ctx);
  }
}

function requireNode(value: Value): NodeRef {
  if (value instanceof NodeRef) return value;
  throw typeError(`Type mismatch: expected Node but was ${typeName(value)}`);
}

function requireEntity(value: Value): NodeRef | RelRef {
  if (value instanceof NodeRef || value instanceof RelRef) return value;
  throw new CypherError(
    "Neo.ClientError.Statement.TypeError",
    `Type mismatch: expected Node or Relationship but was ${typeName(value)}`,
  );
}
