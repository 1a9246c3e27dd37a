import neo4j, { type Node, type Relationship } from "neo4j-driver";
import type { GraphNode, GraphPart, GraphRelationship } from "../../api.ts";
import { propertiesOf } from "./cypher-text.ts";

/** More is no picture that tells anything. */
const nodesMax = 300;
const relationshipsMax = 1000;

/** Gathers the nodes and relationships in values, each once. */
export class GraphCollector {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #relationships = new Map<string, GraphRelationship>();
  #isWhole = true;

  /** Looks into a value of a row, also into its lists, maps and paths. */
  add(value: unknown): void {
    if (typeof value !== "object" || value === null || neo4j.isInt(value)) return;
    if (neo4j.isNode(value)) this.#addNode(value);
    else if (neo4j.isRelationship(value)) this.#addRelationship(value);
    else if (neo4j.isPath(value)) {
      this.#addNode(value.start);
      for (const { start, relationship, end } of value.segments) {
        this.#addNode(start);
        this.#addRelationship(relationship);
        this.#addNode(end);
      }
    } else if (Array.isArray(value)) for (const one of value) this.add(one);
    else if (Object.getPrototypeOf(value) === Object.prototype) {
      for (const one of Object.values(value)) this.add(one);
    }
  }

  /** What was found. */
  part(): GraphPart {
    return {
      nodes: [...this.#nodes.values()],
      relationships: [...this.#relationships.values()],
      isWhole: this.#isWhole,
    };
  }

  #addNode({ elementId: id, labels, properties }: Node): void {
    if (this.#nodes.has(id)) return;
    if (this.#nodes.size >= nodesMax) this.#isWhole = false;
    else this.#nodes.set(id, { id, labels, properties: propertiesOf(properties) });
  }

  #addRelationship(relationship: Relationship): void {
    const { elementId: id, type, properties } = relationship;
    if (this.#relationships.has(id)) return;
    if (this.#relationships.size >= relationshipsMax) {
      this.#isWhole = false;
      return;
    }
    this.#relationships.set(id, {
      id,
      type,
      from: relationship.startNodeElementId,
      to: relationship.endNodeElementId,
      properties: propertiesOf(properties),
    });
  }
}
