import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { GraphNode, GraphPart, GraphRelationship } from "../../../src/api.ts";
import { GraphLayout } from "./graph-layout.ts";

const radius = 22;
/** Labels have one of so many looks. */
const looks = 6;
const captionChars = 11;

export interface GraphPictureProps {
  readonly part: GraphPart;
  readonly chosen: string | undefined;
  /** Called with a node's or a relationship's identifier. */
  onChoose(id: string): void;
  /** Asks for what is around a node. */
  onExpand(id: string): void;
}

/**
 * Nodes and relationships as circles and arrows. A click chooses, and expands a node; by keys: Tab goes from one to the next, Enter does
 * what a click does, arrows, + and - move the picture.
 */
export function GraphPicture({ part, chosen, onChoose, onExpand }: GraphPictureProps) {
  const [, setMoves] = useState(0);
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 });
  const layout = useMemo(() => new GraphLayout(() => setMoves((count) => count + 1)), []);
  const drag = useRef<{ id?: string; x: number; y: number; hasMoved: boolean }>();
  const svg = useRef<SVGSVGElement>(null);
  useEffect(() => layout.show(part), [part, layout]);
  useEffect(() => () => layout.stop(), [layout]);
  const labels = useMemo(() => [...new Set(part.nodes.map(({ labels: [first = ""] }) => first))], [part]);

  const box = 420 / view.scale;
  const toPicture = (event: PointerEvent) => {
    const matrix = svg.current!.getScreenCTM()!.inverse();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  };
  const down = (event: PointerEvent, id?: string) => {
    event.stopPropagation();
    const { x, y } = toPicture(event);
    drag.current = { x, y, hasMoved: false, ...(id !== undefined && { id }) };
  };
  const move = (event: PointerEvent) => {
    const from = drag.current;
    if (from === undefined) return;
    const { x, y } = toPicture(event);
    if (!from.hasMoved && Math.hypot(x - from.x, y - from.y) < 4) return;
    if (!from.hasMoved) svg.current!.setPointerCapture(event.pointerId);
    from.hasMoved = true;
    if (from.id !== undefined) layout.hold(from.id, x, y);
    else setView({ ...view, x: view.x - (x - from.x), y: view.y - (y - from.y) });
  };
  const up = () => {
    const from = drag.current;
    drag.current = undefined;
    if (from?.id === undefined) return;
    layout.release(from.id);
    if (!from.hasMoved) open(from.id);
  };
  const open = (id: string) => {
    onChoose(id);
    onExpand(id);
  };
  const zoom = (factor: number) =>
    setView({ ...view, scale: Math.min(4, Math.max(0.2, view.scale * factor)) });
  const keys = (event: KeyboardEvent) => {
    const step = 40 / view.scale;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => setView({ ...view, x: view.x - step }),
      ArrowRight: () => setView({ ...view, x: view.x + step }),
      ArrowUp: () => setView({ ...view, y: view.y - step }),
      ArrowDown: () => setView({ ...view, y: view.y + step }),
      "+": () => zoom(1.25),
      "-": () => zoom(0.8),
    };
    const act = moves[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <figure class="graph">
      <div class="bar">
        <button type="button" onClick={() => zoom(1.25)} aria-label="Nearer">
          +
        </button>
        <button type="button" onClick={() => zoom(0.8)} aria-label="Farther">
          −
        </button>
        <button type="button" onClick={() => setView({ x: 0, y: 0, scale: 1 })}>
          Centre
        </button>
        {labels.map((label, index) => (
          <span key={label} class={`legend look-${index % looks}`}>
            {label === "" ? "no label" : label}
          </span>
        ))}
      </div>
      <svg
        ref={svg}
        viewBox={`${view.x - box} ${view.y - box / 2} ${2 * box} ${box}`}
        role="group"
        aria-label={`A graph of ${part.nodes.length} nodes and ${part.relationships.length} relationships`}
        tabindex={0}
        onPointerDown={(event) => down(event)}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onKeyDown={keys}
        onWheel={(event) => {
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          zoom(event.deltaY < 0 ? 1.1 : 0.9);
        }}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="8"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path class="graph-arrow" d="M0,0 L8,4 L0,8 z" />
          </marker>
        </defs>
        {part.relationships.map((one, index) => (
          <Arrow
            key={one.id}
            relationship={one}
            bend={bendOf(part.relationships, index)}
            from={layout.at(one.from)}
            to={layout.at(one.to)}
            isChosen={one.id === chosen}
            onChoose={() => onChoose(one.id)}
          />
        ))}
        {part.nodes.map((node) => {
          const { x, y } = layout.at(node.id);
          const look = labels.indexOf(node.labels[0] ?? "") % looks;
          return (
            <g
              key={node.id}
              class={`node look-${look}`}
              transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
              role="button"
              aria-pressed={node.id === chosen}
              aria-label={`${node.labels.join(", ")} ${captionOf(node)}`}
              tabindex={0}
              onPointerDown={(event) => down(event, node.id)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                event.stopPropagation();
                open(node.id);
              }}
            >
              <circle r={radius} />
              <text dy="4">{short(captionOf(node))}</text>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface ArrowProps {
  readonly relationship: GraphRelationship;
  readonly bend: number;
  readonly from: Point;
  readonly to: Point;
  readonly isChosen: boolean;
  onChoose(): void;
}

function Arrow({ relationship, bend, from, to, isChosen, onChoose }: ArrowProps) {
  const { path, middle } = relationship.from === relationship.to ? loopAt(from, bend) : curve(from, to, bend);
  return (
    <g
      class="relationship"
      role="button"
      aria-pressed={isChosen}
      aria-label={`Relationship ${relationship.type}`}
      tabindex={0}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={onChoose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        onChoose();
      }}
    >
      <path d={path} marker-end="url(#arrow)" />
      <text x={middle.x.toFixed(1)} y={middle.y.toFixed(1)} dy="-3">
        {relationship.type}
      </text>
    </g>
  );
}

/** From the rim of one circle to that of the other. */
function curve(from: Point, to: Point, bend: number): { path: string; middle: Point } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const middle = { x: (from.x + to.x) / 2 - uy * bend, y: (from.y + to.y) / 2 + ux * bend };
  const rim = radius + 2;
  const end = `${(to.x - ux * rim).toFixed(1)},${(to.y - uy * rim).toFixed(1)}`;
  const path = `M${(from.x + ux * rim).toFixed(1)},${(from.y + uy * rim).toFixed(1)} Q${middle.x.toFixed(1)},${middle.y.toFixed(1)} ${end}`;
  return {
    path,
    middle: { x: (from.x + to.x) / 2 - (uy * bend) / 2, y: (from.y + to.y) / 2 + (ux * bend) / 2 },
  };
}

function loopAt({ x, y }: Point, bend: number): { path: string; middle: Point } {
  const height = 50 + Math.abs(bend);
  const path = `M${x - 12},${y - radius} C${x - 40},${y - height} ${x + 40},${y - height} ${x + 12},${y - radius}`;
  return { path, middle: { x, y: y - height * 0.8 } };
}

/** Several between the same two nodes are bent by different amounts. */
function bendOf(all: readonly GraphRelationship[], index: number): number {
  const one = all[index]!;
  const before = all.slice(0, index).filter(({ from, to }) => {
    return (from === one.from && to === one.to) || (from === one.to && to === one.from);
  }).length;
  return before === 0 ? 0 : (before % 2 === 1 ? 1 : -1) * Math.ceil(before / 2) * 40;
}

/** What tells a node: its name or title, else its first property, else its label. */
export function captionOf({ properties, labels, id }: GraphNode): string {
  const named = properties.find(([name]) => /^(name|title|label)$/i.test(name)) ?? properties[0];
  return named === undefined ? (labels[0] ?? id) : named[1].replace(/^"|"$/g, "");
}

function short(text: string): string {
  return text.length > captionChars ? `${text.slice(0, captionChars - 1)}…` : text;
}
