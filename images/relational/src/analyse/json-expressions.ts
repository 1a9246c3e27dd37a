import { notSupported } from "../errors.ts";
import { locationOf, type Node, tagOf } from "../parse/ast.ts";
import type { AnalyseExpr, Analyser } from "./analyser.ts";
import type { Level } from "./context.ts";
import type { Expr } from "./expr.ts";

const featureNames: Readonly<Record<string, string>> = {
  XmlExpr: "XML",
  XmlSerialize: "XMLSERIALIZE",
  MultiAssignRef: "multiple-column assignment here",
};

/** SQL/JSON constructors and query functions. */
export function analyseSpecial(_a: Analyser, _level: Level, node: Node, _analyse: AnalyseExpr): Expr {
  const tag = tagOf(node);
  if (tag === "MergeSupportFunc")
    return {
      kind: "special",
      name: "mergeAction",
      args: [],
      options: {},
      type: 25,
      typmod: -1,
      collation: 100,
    };
  throw notSupported(featureNames[tag] ?? tag, locationOf(node));
}
