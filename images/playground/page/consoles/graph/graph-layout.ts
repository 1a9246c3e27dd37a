import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from "d3-force";
import type { GraphPart } from "../../../src/api.ts";

/** A node and where it is. */
export interface PlacedNode extends SimulationNodeDatum {
  readonly id: string;
}

/** So long of a frame is spent on the layout. */
const sliceMs = 8;

/** Places the nodes of a picture: those that were there stay near where they were. Works a slice of every frame, until all is calm. */
export class GraphLayout {
  readonly #simulation: Simulation<PlacedNode, SimulationLinkDatum<PlacedNode>>;
  readonly #moved: () => void;
  #nodes = new Map<string, PlacedNode>();
  #frame: number | undefined;

  /** @param moved called after each slice */
  constructor(moved: () => void) {
    this.#moved = moved;
    this.#simulation = forceSimulation<PlacedNode>([])
      .stop()
      .force("charge", forceManyBody().strength(-320).distanceMax(500))
      .force("x", forceX(0).strength(0.05))
      .force("y", forceY(0).strength(0.05))
      .force("apart", forceCollide(30));
  }

  /** Where a node is. */
  at(id: string): { readonly x: number; readonly y: number } {
    const { x = 0, y = 0 } = this.#nodes.get(id) ?? {};
    return { x, y };
  }

  /** What is to be placed now. New nodes begin beside one that they are linked with. */
  show({ nodes, relationships }: GraphPart): void {
    const before = this.#nodes;
    this.#nodes = new Map();
    for (const { id } of nodes) {
      const known = before.get(id);
      const near = relationships.find(({ from, to }) =>
        from === id ? before.has(to) : to === id && before.has(from),
      );
      const beside = near === undefined ? undefined : before.get(near.from === id ? near.to : near.from);
      // Without a place of its own d3 puts it on a spiral, the same every time.
      const place =
        beside === undefined
          ? {}
          : { x: beside.x! + (this.#nodes.size % 7), y: beside.y! + (this.#nodes.size % 5) };
      this.#nodes.set(id, known ?? { id, ...place });
    }
    const links = relationships
      .filter(({ from, to }) => this.#nodes.has(from) && this.#nodes.has(to))
      .map(({ from, to }) => ({ source: from, target: to }));
    this.#simulation.nodes([...this.#nodes.values()]);
    this.#simulation.force(
      "links",
      forceLink<PlacedNode, SimulationLinkDatum<PlacedNode>>(links)
        .id(({ id }) => id)
        .distance(110),
    );
    this.#simulation.alpha(1);
    this.#run();
  }

  /** Puts a node somewhere; it stays there until `release`. */
  hold(id: string, x: number, y: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.fx = x;
    node.fy = y;
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), 0.2));
    this.#run();
  }

  release(id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.fx = null;
    node.fy = null;
  }

  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #run(): void {
    if (this.#frame !== undefined) return;
    const step = () => {
      const untilMs = performance.now() + sliceMs;
      while (this.#simulation.alpha() > this.#simulation.alphaMin() && performance.now() < untilMs) {
        this.#simulation.tick();
      }
      const isCalm = this.#simulation.alpha() <= this.#simulation.alphaMin();
      this.#frame = isCalm ? undefined : requestAnimationFrame(step);
      this.#moved();
    };
    this.#frame = requestAnimationFrame(step);
  }
}
