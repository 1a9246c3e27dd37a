import type { RunContext } from "../runtime/context.ts";
import { isUnique } from "../storage/schema.ts";
import { HydratedNode, HydratedRel } from "../values/hydrated-entities.ts";
import type { Value } from "../values/types.ts";
import { list } from "./database-procedures.ts";
import type { ProcedureDefinition } from "./definition.ts";

/** So many relationships of each type are looked at to tell which labels it joins. */
const sampleMax = 10_000;

/** A node or relationship that is in no graph: it is sent as it is. */
function virtual(entity: HydratedNode | HydratedRel): Value {
  return entity as unknown as Value;
}

/** Which labels a relationship type joins. */
export function* joinedLabels(
  ctx: RunContext,
): Generator<{ readonly type: string; readonly start: string; readonly end: string }> {
  const { graph } = ctx;
  const labelsAt = (node: number): string[] =>
    (graph.node(node)?.labels ?? []).map((label) => graph.tokens.name("label", label));
  for (const type of graph.usedTypes()) {
    const seen = new Set<string>();
    for (const rel of graph.relsOfTypeAfter(type, -1, sampleMax)) {
      ctx.tick();
      for (const start of labelsAt(rel.start)) {
        for (const end of labelsAt(rel.end)) {
          const key = `${start}\0${end}`;
          if (seen.has(key)) continue;
          seen.add(key);
          yield { type: graph.tokens.name("type", type), start, end };
        }
      }
    }
  }
}

function visualization(ctx: RunContext): readonly (readonly Value[])[] {
  const { graph } = ctx;
  const ids = new Map<string, number>();
  const nodes = graph.usedLabels().map((label, index) => {
    const name = graph.tokens.name("label", label);
    const id = -100 - index;
    ids.set(name, id);
    const rules = graph.schema.of("NODE", name);
    const indexes = rules
      .filter((rule) => rule.kind === "index" && rule.type === "RANGE")
      .map(({ properties }) => properties.join(","));
    const constraints = rules
      .filter(isUnique)
      .map(
        ({ properties, name: rule }) =>
          `Constraint( name='${rule}', type='UNIQUENESS', schema=(:${name} {${properties.join(", ")}}) )`,
      );
    return new HydratedNode(
      id,
      String(id),
      [name],
      new Map<string, Value>([
        ["name", name],
        ["indexes", indexes],
        ["constraints", constraints],
      ]),
    );
  });
  const relationships: HydratedRel[] = [];
  for (const { type, start, end } of joinedLabels(ctx)) {
    const id = -100 - relationships.length;
    const [from, to] = [ids.get(start)!, ids.get(end)!];
    relationships.push(
      new HydratedRel(
        { id, start: from, end: to },
        [String(id), String(from), String(to)],
        type,
        new Map([["name", type]]),
      ),
    );
  }
  return [[nodes.map(virtual), relationships.map(virtual)]];
}

export const visualizationProcedures: readonly ProcedureDefinition[] = [
  {
    name: "db.schema.visualization",
    description:
      "Visualizes the schema of the data based on available statistics. A new node is returned for each label.",
    mode: "READ",
    args: [],
    columns: [list("nodes", "NODE"), list("relationships", "RELATIONSHIP")],
    call: (_, ctx) => visualization(ctx),
  },
];
