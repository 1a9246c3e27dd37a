import type { ModelShape } from "./aws-schemas.ts";

/** Values of JSON that a member of a kind cannot be. A text can be a number of no kind, nor a boolean but for some words. */
const wrong: Readonly<Record<ModelShape["kind"], readonly unknown[]>> = {
  string: [true, 1, 1.5, ["x"], { a: "x" }],
  number: [true, "x", [1], { a: 1 }],
  timestamp: [true, [1], { a: 1 }],
  boolean: [1, 1.5, "perhaps", [true], { a: true }],
  blob: [true, 1, ["AAE="], { a: "AAE=" }, "AAE"],
  list: [true, 1, "x", { a: "x" }],
  map: [true, 1, "x", ["x"]],
  structure: [true, 1, "x", ["x"]],
};

/** Structures that hold themselves are entered as often as this. */
const depthMax = 2;

/** What orders that which one engine does not have is refused as a whole: what is inside is not read. */
const notEntered: ReadonlySet<string> = new Set([
  "ReplicationGroupUpdate",
  "GlobalTableWitnessGroupUpdate",
  "VectorIndex",
  "VectorIndexUpdate",
]);

/** Every request with one member of a wrong type, and nothing else: types are looked at before all. */
export function* wrongTypes(
  shape: ModelShape,
  path: string,
  entered: readonly string[] = [],
): Generator<readonly [string, unknown]> {
  if (path !== "") for (const value of wrong[shape.kind]) yield [`${path}=${JSON.stringify(value)}`, value];
  switch (shape.kind) {
    case "list":
      for (const [name, value] of wrongTypes(shape.of, `${path}[]`, entered)) yield [name, [value]];
      break;
    case "map":
      for (const [name, value] of wrongTypes(shape.of, `${path}{}`, entered)) yield [name, { a: value }];
      break;
    case "structure": {
      if (notEntered.has(shape.name)) return;
      if (entered.filter((name) => name === shape.name).length >= depthMax) return;
      for (const [member, of] of shape.members) {
        const inside = wrongTypes(of, `${path}.${member}`, [...entered, shape.name]);
        for (const [name, value] of inside) yield [name, { [member]: value }];
      }
    }
  }
}
