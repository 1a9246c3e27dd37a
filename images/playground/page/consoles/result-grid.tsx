import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SqlCell } from "../../src/api.ts";

const rowHeight = 24;
/** Browsers end an element's height near 33 million pixels; beyond it rows are not to be reached by scrolling. */
const heightMax = 30_000_000;
const overscan = 12;
/** So much of a cell is drawn; the cell shows all of it when it is chosen. */
const drawnCharsMax = 200;

export interface ResultGridProps {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** Called when the last rows come into sight. */
  onEnd?(): void;
  onChoose?(row: number, column: number): void;
}

/** A table of which only the rows in sight exist. */
export function ResultGrid({ columns, rows, onEnd, onChoose }: ResultGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [chosen, setChosen] = useState<readonly [number, number]>([0, 0]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setHeight(box.current!.clientHeight));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + overscan);
  useEffect(() => {
    if (last >= rows.length) onEnd?.();
  }, [last, rows.length, onEnd]);
  const choose = (row: number, column: number) => {
    setChosen([row, column]);
    onChoose?.(row, column);
  };
  const keys = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const moves: Record<string, readonly [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageDown: [page, 0],
      PageUp: [-page, 0],
      Home: [-rows.length, 0],
      End: [rows.length, 0],
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const row = Math.min(rows.length - 1, Math.max(0, chosen[0] + move[0]));
    const column = Math.min(columns.length - 1, Math.max(0, chosen[1] + move[1]));
    choose(row, column);
    const { current } = box;
    if (current === null) return;
    if (row * rowHeight < current.scrollTop) current.scrollTop = row * rowHeight;
    if ((row + 3) * rowHeight > current.scrollTop + height)
      current.scrollTop = (row + 3) * rowHeight - height;
  };
  const before = Math.min(heightMax, first * rowHeight);
  const after = Math.min(heightMax, (rows.length - last) * rowHeight);
  return (
    <div
      ref={box}
      class="grid"
      role="grid"
      aria-label="Result"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      tabIndex={0}
      aria-activedescendant={rows.length === 0 ? undefined : `cell-${chosen[0]}-${chosen[1]}`}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={keys}
    >
      <table role="presentation">
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            {columns.map(({ name, type }, column) => (
              <th key={column} role="columnheader" aria-colindex={column + 1} scope="col">
                {name} <small>{type}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          <Space height={before} />
          {rows.slice(first, last).map((row, offset) => (
            <tr key={first + offset} role="row" aria-rowindex={first + offset + 2}>
              {row.map((cell, column) => {
                const index = first + offset;
                const isChosen = chosen[0] === index && chosen[1] === column;
                return (
                  <td
                    key={column}
                    id={`cell-${index}-${column}`}
                    role="gridcell"
                    aria-colindex={column + 1}
                    aria-selected={isChosen}
                    class={cell === null ? "null" : undefined}
                    onClick={() => choose(index, column)}
                  >
                    {cell === null ? "NULL" : cell.slice(0, drawnCharsMax)}
                  </td>
                );
              })}
            </tr>
          ))}
          <Space height={after} />
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are out of sight. */
function Space({ height }: { height: number }) {
  return height === 0 ? null : (
    <tr aria-hidden="true">
      <td style={{ height: `${height}px`, padding: 0, border: 0 }} />
    </tr>
  );
}
