import { useMemo, useRef, useState } from "preact/hooks";
import type { MappedVector } from "../../../src/api.ts";

/** Values of what is coloured by have one of so many looks; the others share the last. */
export const looks = 6;
const size = { width: 800, height: 480 };
const margin = 24;

export interface VectorMapProps {
  readonly points: readonly MappedVector[];
  /** By identifier: the look. */
  readonly lookOf: (point: MappedVector) => number;
  readonly chosen: string | undefined;
  /** The nearest of the chosen one, the best first. */
  readonly neighbours: readonly string[];
  onChoose(id: string): void;
}

/**
 * Points in a plane. A click chooses the nearest one. By keys: the arrows go to the next point in that direction.
 */
export function VectorMap({ points, lookOf, chosen, neighbours, onChoose }: VectorMapProps) {
  const svg = useRef<SVGSVGElement>(null);
  const [hovered, setHovered] = useState<string>();
  const placed = useMemo(() => place(points), [points]);
  const byId = useMemo(() => new Map(placed.map((one) => [one.point.id, one])), [placed]);
  const at = (event: MouseEvent) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.current!.getScreenCTM()!.inverse(),
    );
    return nearest(placed, x, y);
  };
  const keys = (event: KeyboardEvent) => {
    const directions: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const direction = directions[event.key];
    if (direction === undefined || placed.length === 0) return;
    event.preventDefault();
    const from = chosen === undefined ? undefined : byId.get(chosen);
    const next = from === undefined ? placed[0]! : towards(placed, from, direction);
    if (next !== undefined) onChoose(next.point.id);
  };
  const centre = chosen === undefined ? undefined : byId.get(chosen);
  const near = neighbours.flatMap((id) => byId.get(id) ?? []);
  const named = hovered === undefined ? undefined : byId.get(hovered);
  return (
    <svg
      ref={svg}
      class="map"
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="application"
      aria-label={`A map of ${points.length} vectors${chosen === undefined ? "" : `; ${chosen} is chosen`}`}
      tabindex={0}
      onClick={(event) => {
        const found = at(event);
        if (found !== undefined) onChoose(found.point.id);
      }}
      onMouseMove={(event) => setHovered(at(event)?.point.id)}
      onMouseLeave={() => setHovered(undefined)}
      onKeyDown={keys}
    >
      {centre !== undefined &&
        near.map(({ point, x, y }) => <line key={point.id} x1={centre.x} y1={centre.y} x2={x} y2={y} />)}
      {placed.map(({ point, x, y }) => (
        <circle key={point.id} class={`look-${lookOf(point)}`} cx={x} cy={y} r={3.5} />
      ))}
      {near.map(({ point, x, y }) => (
        <circle key={`near ${point.id}`} class="near" cx={x} cy={y} r={6} />
      ))}
      {centre !== undefined && <circle class="chosen" cx={centre.x} cy={centre.y} r={8} />}
      {[centre, named].map(
        (one, index) =>
          one !== undefined && (
            <text key={index} x={Math.min(one.x + 11, size.width - 160)} y={one.y + 4}>
              {one.point.id.slice(0, 40)}
            </text>
          ),
      )}
    </svg>
  );
}

interface Placed {
  readonly point: MappedVector;
  readonly x: number;
  readonly y: number;
}

/** With the same scale in both directions, so that distances look like what they are. */
function place(points: readonly MappedVector[]): Placed[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const inner = { width: size.width - 2 * margin, height: size.height - 2 * margin };
  const scale = Math.min(inner.width / (right - left || 1), inner.height / (bottom - top || 1));
  return points.map((point) => ({
    point,
    x: round(size.width / 2 + (point.x - (left + right) / 2) * scale),
    y: round(size.height / 2 + (point.y - (top + bottom) / 2) * scale),
  }));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function nearest(placed: readonly Placed[], x: number, y: number): Placed | undefined {
  let best: Placed | undefined;
  let least = 20 ** 2;
  for (const one of placed) {
    const squared = (one.x - x) ** 2 + (one.y - y) ** 2;
    if (squared >= least) continue;
    least = squared;
    best = one;
  }
  return best;
}

/** The nearest in a direction: what lies aside counts as farther. */
function towards(
  placed: readonly Placed[],
  from: Placed,
  [dx, dy]: readonly [number, number],
): Placed | undefined {
  let best: Placed | undefined;
  let least = Infinity;
  for (const one of placed) {
    const ahead = (one.x - from.x) * dx + (one.y - from.y) * dy;
    if (one === from || ahead <= 0) continue;
    const aside = Math.abs((one.x - from.x) * dy - (one.y - from.y) * dx);
    const cost = ahead + 2 * aside;
    if (cost >= least) continue;
    least = cost;
    best = one;
  }
  return best;
}
