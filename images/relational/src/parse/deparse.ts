import { deparseSync } from "pgsql-deparser";
import type { Node, pg } from "./ast.ts";

/** A statement or expression as SQL text again, on one line. */
export function deparseNode(node: Node): string {
  return deparseSync(node as pg.Node, { pretty: false } as never);
}
