import { useEffect, useState } from "preact/hooks";
import type { EngineInfo, MetricSample } from "../src/api.ts";
import { get } from "./api-client.ts";
import { formatBytes, formatCount } from "./format.ts";

const everyMs = 2000;
/** Four minutes. */
const pointsMax = 120;
const width = 240;
const height = 48;

interface Reading {
  readonly atMs: number;
  readonly samples: readonly MetricSample[];
}

interface Chart {
  readonly title: string;
  /** The value at a reading; undefined when it is not told, or needs one before. */
  value(now: Reading, before: Reading | undefined): number | undefined;
  show(value: number): string;
}

const charts: readonly Chart[] = [
  {
    title: "Memory",
    value: (now) => total(now, "process_resident_memory_bytes"),
    show: formatBytes,
  },
  {
    title: "Processor",
    value: (now, before) => rate(now, before, "process_cpu_seconds_total"),
    show: (cores) => `${(cores * 100).toFixed(0)}% of a core`,
  },
  {
    title: "Connections",
    value: (now) => total(now, "weftkit_connections"),
    show: (count) => formatCount(count),
  },
  {
    title: "New connections",
    value: (now, before) => rate(now, before, "weftkit_connections_accepted_total"),
    show: (perSecond) => `${perSecond.toFixed(1)}/s`,
  },
];

/** What an engine's metrics were in the last minutes. */
export function LiveCharts({ engine }: { engine: EngineInfo }) {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    const read = async () => {
      try {
        const path = `api/engines/${encodeURIComponent(engine.id)}/metrics`;
        const { samples } = await get<{ samples: readonly MetricSample[] }>(path, stop.signal);
        setReadings((before) => [...before, { atMs: performance.now(), samples }].slice(-pointsMax));
      } catch {
        // The list of engines says what is wrong; the chart has a gap.
      }
      if (!stop.signal.aborted) timer = setTimeout(read, everyMs) as unknown as number;
    };
    read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [engine.id]);
  return (
    <section class="charts" aria-label={`Metrics of ${engine.name}`}>
      <h2>{engine.name}</h2>
      <div>
        {charts.map((chart) => (
          <LineChart
            key={chart.title}
            title={chart.title}
            values={readings.map((reading, index) => chart.value(reading, readings[index - 1]))}
            show={chart.show}
          />
        ))}
      </div>
    </section>
  );
}

interface LineChartProps {
  readonly title: string;
  readonly values: readonly (number | undefined)[];
  show(value: number): string;
}

function LineChart({ title, values, show }: LineChartProps) {
  const known = values.filter((value) => value !== undefined);
  const last = known.at(-1);
  const max = Math.max(...known, 0);
  const text = last === undefined ? "–" : show(last);
  const points = values.flatMap((value, index) => {
    if (value === undefined) return [];
    const x = width - (values.length - 1 - index) * (width / (pointsMax - 1));
    const y = height - 2 - (max === 0 ? 0 : (value / max) * (height - 4));
    return [`${x.toFixed(1)},${y.toFixed(1)}`];
  });
  return (
    <figure>
      <figcaption>
        {title} <strong>{text}</strong>
        {last !== undefined && <small>at most {show(max)}</small>}
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${title}: ${text}`}>
        <line x1="0" x2={width} y1={height - 1} y2={height - 1} />
        <polyline points={points.join(" ")} />
      </svg>
    </figure>
  );
}

/** A metric over all its labels. */
function total({ samples }: Reading, name: string): number | undefined {
  const found = samples.filter((sample) => sample.name === name);
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

/** By how much a counter grew a second; undefined when the engine began anew. */
function rate(now: Reading, before: Reading | undefined, name: string): number | undefined {
  if (before === undefined) return undefined;
  const [from, to] = [total(before, name), total(now, name)];
  if (from === undefined || to === undefined || to < from) return undefined;
  return (to - from) / ((now.atMs - before.atMs) / 1000);
}
