import type { EngineInfo } from "../src/api.ts";
import { formatAge, formatBytes } from "./format.ts";
import { LiveCharts } from "./live-charts.tsx";
import { State } from "./shell.tsx";
import { engines } from "./state.ts";

/** All engines, how they are and what of them is kept elsewhere. */
export function FleetPage() {
  return (
    <section class="page">
      <h1>Fleet</h1>
      {engines.value.length === 0 ? (
        <p class="hint">
          No engines are configured, or their state is not known yet. They are named in{" "}
          <code>WEFTKIT_PLAYGROUND_ENGINES</code>.
        </p>
      ) : (
        <div class="scroll" role="region" aria-label="Engines" tabIndex={0}>
          <table class="fleet">
            <thead>
              <tr>
                <th scope="col">Engine</th>
                <th scope="col">State</th>
                <th scope="col">Version</th>
                <th scope="col">Up</th>
                <th scope="col">Connections</th>
                <th scope="col">Persistence</th>
              </tr>
            </thead>
            <tbody>
              {engines.value.map((engine) => (
                <tr key={engine.id}>
                  <th scope="row">
                    <a href={`#${encodeURI(`/engine/${engine.id}`)}`}>{engine.name}</a>
                    <small>{engine.address}</small>
                  </th>
                  <td>
                    <State of={engine} /> {engine.state.replace("_", " ")}
                    {engine.reason !== undefined && <small>{engine.reason}</small>}
                  </td>
                  <td>{engine.version ?? "–"}</td>
                  <td>{engine.uptimeMs === undefined ? "–" : formatAge(engine.uptimeMs)}</td>
                  <td>
                    {engine.connections === undefined
                      ? "–"
                      : `${engine.connections.open} of ${engine.connections.max}`}
                  </td>
                  <td>
                    <Persistence of={engine} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {engines.value
        .filter(({ state }) => state === "ready" || state === "not_ready")
        .map((engine) => (
          <LiveCharts key={engine.id} engine={engine} />
        ))}
    </section>
  );
}

/** What an engine says of its persistence: each of its numbers and texts by its own name. */
function Persistence({ of: { persistence, state } }: { of: EngineInfo }) {
  if (state === "unreachable" || state === "unknown") return <>not known</>;
  if (persistence === undefined) return <>on its own volume only</>;
  const shown = Object.entries(persistence).filter(
    ([, value]) => value !== null && typeof value !== "object",
  );
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{factOf(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function factOf(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (/bytes$/i.test(name)) return formatBytes(value);
  return /(?:lag|age|duration)Ms$/i.test(name) ? formatAge(value) : String(value);
}
