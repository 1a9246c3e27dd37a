import { useEffect, useState } from "preact/hooks";
import type { BuiltProject } from "../../src/api.ts";
import { post } from "../api-client.ts";
import { Modes } from "../consoles/modes.tsx";
import { useRun } from "../consoles/use-run.ts";
import { ErrorNote } from "../error-note.tsx";
import { tarOf } from "./tar.ts";

const engines = {
  relational: "PostgreSQL",
  document: "MongoDB",
  keyvalue: "DynamoDB",
  graph: "Neo4j",
  inmemory: "Redis",
  vector: "vectors",
  markdown: "Markdown",
  filestore: "S3",
} as const;
type Engine = keyof typeof engines;

const fronts = {
  gateway: "Gateway",
  pool: "Pool",
  discovery: "Discovery",
  playground: "Playground",
} as const;
type Front = keyof typeof fronts;

const targets = { compose: "Docker Compose", kubernetes: "Kubernetes" } as const;
type Target = keyof typeof targets;

const states = {
  volume: "Volumes",
  serverless: "A function",
  container: "The persistence sidecar",
  none: "Pods only",
} as const;
type State = keyof typeof states;

interface Choices {
  readonly target: Target;
  readonly project: string;
  readonly counts: Readonly<Partial<Record<Engine, number>>>;
  readonly front: readonly Front[];
  readonly isPublic: boolean;
  readonly state: State;
  readonly persistUrl: string;
  readonly persistEncrypt: boolean;
  readonly volumeSize: string;
}

const usualVolumeSize = "10Gi";

const first: Choices = {
  target: "compose",
  project: "shop",
  counts: { relational: 1, inmemory: 1 },
  front: ["playground"],
  isPublic: false,
  state: "volume",
  persistUrl: "",
  persistEncrypt: false,
  volumeSize: usualVolumeSize,
};

/** A project as `weftkit compose` and `weftkit k8s` write it, by their own code, as it changes with what is chosen. */
export function BuilderPage() {
  const [choices, setChoices] = useState(first);
  const [built, setBuilt] = useState<BuiltProject>();
  const [path, setPath] = useState("docker-compose.yml");
  const run = useRun();
  const change = (changed: Partial<Choices>) => setChoices((before) => ({ ...before, ...changed }));
  /** What is asked for while something is asked for would be left out: it waits. */
  const [asked, setAsked] = useState<string>();
  const request = JSON.stringify(requestOf(choices));
  useEffect(() => {
    if (run.isRunning || asked === request) return;
    setAsked(request);
    run.start(async (signal) => {
      setBuilt(await post<BuiltProject>("api/project", JSON.parse(request), signal));
    });
  }, [request, asked, run.isRunning]);
  const download = () =>
    run.start(async (signal) => {
      const body = { ...requestOf(choices), withSecrets: true };
      const { files } = await post<BuiltProject>("api/project", body, signal);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(tarOf(choices.project, files));
      link.download = `${choices.project}.tar`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  const shown = built?.files.find((file) => file.path === path) ?? built?.files[0];

  return (
    <section class="page engine">
      <h1>Compose Builder</h1>
      <div class="console split">
        <form class="keys choices" onSubmit={(event) => event.preventDefault()}>
          <Modes
            label="Where it runs"
            modes={targets}
            chosen={choices.target}
            onChoose={(target) =>
              change({ target, ...(target === "compose" && choices.state === "none" && { state: "volume" }) })
            }
          />
          <label>
            <small>Project</small>
            <input
              value={choices.project}
              spellcheck={false}
              onInput={(event) => change({ project: event.currentTarget.value })}
            />
          </label>
          <fieldset>
            <legend>Engines</legend>
            {(Object.keys(engines) as Engine[]).map((engine) => (
              <div key={engine} class="bar">
                <label class="check">
                  <input
                    type="checkbox"
                    checked={choices.counts[engine] !== undefined}
                    onChange={(event) =>
                      change({
                        counts: { ...choices.counts, [engine]: event.currentTarget.checked ? 1 : undefined },
                      })
                    }
                  />
                  {engine} <small>{engines[engine]}</small>
                </label>
                {choices.counts[engine] !== undefined && (
                  <input
                    type="number"
                    class="count"
                    aria-label={`Instances of ${engine}`}
                    min={1}
                    max={32}
                    value={choices.counts[engine]}
                    onInput={(event) =>
                      change({ counts: { ...choices.counts, [engine]: Number(event.currentTarget.value) } })
                    }
                  />
                )}
              </div>
            ))}
          </fieldset>
          <fieldset>
            <legend>Before them</legend>
            {(Object.keys(fronts) as Front[]).map((front) => (
              <label key={front} class="check">
                <input
                  type="checkbox"
                  checked={choices.front.includes(front)}
                  onChange={(event) =>
                    change({
                      front: event.currentTarget.checked
                        ? [...choices.front, front]
                        : choices.front.filter((one) => one !== front),
                    })
                  }
                />
                {fronts[front]}
              </label>
            ))}
          </fieldset>
          <label>
            <small>Where state lives</small>
            <select
              value={choices.state}
              onChange={(event) => change({ state: event.currentTarget.value as State })}
            >
              {(Object.keys(states) as State[])
                .filter((state) => state !== "none" || choices.target === "kubernetes")
                .map((state) => (
                  <option key={state} value={state}>
                    {states[state]}
                  </option>
                ))}
            </select>
          </label>
          {(choices.state === "serverless" || choices.state === "container") && (
            <>
              <label>
                <small>Its URL; one of the project where there is none</small>
                <input
                  value={choices.persistUrl}
                  placeholder="https://state.example.com"
                  spellcheck={false}
                  onInput={(event) => change({ persistUrl: event.currentTarget.value })}
                />
              </label>
              <label class="check">
                <input
                  type="checkbox"
                  checked={choices.persistEncrypt}
                  onChange={(event) => change({ persistEncrypt: event.currentTarget.checked })}
                />
                Encrypt what leaves
              </label>
            </>
          )}
          {choices.target === "compose" ? (
            <label class="check">
              <input
                type="checkbox"
                checked={choices.isPublic}
                onChange={(event) => change({ isPublic: event.currentTarget.checked })}
              />
              Publish on every network
            </label>
          ) : hasVolumes(choices) ? (
            <label>
              <small>Size of each volume</small>
              <input
                value={choices.volumeSize}
                onInput={(event) => change({ volumeSize: event.currentTarget.value })}
              />
            </label>
          ) : null}
        </form>
        <div class="work">
          <div class="bar">
            <button
              type="button"
              class="primary"
              onClick={download}
              disabled={run.isRunning || run.error !== undefined}
            >
              Download
            </button>
            <span class="status" role="status">
              {built === undefined
                ? ""
                : `${built.files.length} files; secrets are made anew for each download`}
            </span>
          </div>
          <pre class="preview" tabIndex={0} aria-label="The same by the command line">
            {commandOf(choices)}
          </pre>
          {run.error !== undefined && <ErrorNote error={run.error} />}
          {built !== undefined && built.connections.length > 0 && (
            <div class="scroll" role="region" aria-label="Connection strings" tabIndex={0}>
              <table>
                <tbody>
                  {built.connections.map(({ name, url }) => (
                    <tr key={name + url}>
                      <th scope="row">{name}</th>
                      <td>
                        <code>{url}</code>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {shown !== undefined && (
            <>
              <label>
                <small>File</small>
                <select value={shown.path} onChange={(event) => setPath(event.currentTarget.value)}>
                  {built?.files.map((file) => (
                    <option key={file.path}>{file.path}</option>
                  ))}
                </select>
              </label>
              <pre class="preview file" tabIndex={0} aria-label={shown.path}>
                {shown.content}
              </pre>
            </>
          )}
        </div>
      </div>
    </section>
  );
}

/** Whether the size of volumes is the user's to say; elsewhere it is the usual one. */
function hasVolumes({ target, state }: Choices): boolean {
  return target === "kubernetes" && (state === "volume" || state === "container");
}

function enginesOf({ counts }: Choices): string {
  return Object.entries(counts)
    .filter(([, count]) => count !== undefined)
    .map(([engine, count]) => (count === 1 ? engine : `${engine}:${count}`))
    .join(",");
}

function requestOf(choices: Choices) {
  const { target, project, front, isPublic, state, persistUrl, persistEncrypt, volumeSize } = choices;
  return {
    target,
    project,
    engines: enginesOf(choices),
    with: front.join(","),
    bind: isPublic ? "0.0.0.0" : "127.0.0.1",
    state,
    ...(persistUrl.trim() !== "" && { persistUrl: persistUrl.trim() }),
    persistEncrypt,
    volumeSize: hasVolumes(choices) ? volumeSize : usualVolumeSize,
    withSecrets: false,
  };
}

/** The command that writes the same. */
function commandOf(choices: Choices): string {
  const { target, project, front, isPublic, state, persistUrl, persistEncrypt, volumeSize } = choices;
  const isElsewhere = state === "serverless" || state === "container";
  const flags = [
    `--engines ${enginesOf(choices)}`,
    ...(front.length > 0 ? [`--with ${front.join(",")}`] : []),
    ...(isElsewhere || (target === "kubernetes" && state !== "volume") ? [`--persist ${state}`] : []),
    ...(isElsewhere && persistUrl.trim() !== "" ? [`--persist-url ${persistUrl.trim()}`] : []),
    ...(state === "serverless" && persistUrl.trim() === "" ? ["--persist-function"] : []),
    ...(isElsewhere && persistEncrypt ? ["--persist-encrypt"] : []),
    ...(target === "compose" && isPublic ? ["--bind 0.0.0.0"] : []),
    ...(hasVolumes(choices) && volumeSize !== usualVolumeSize ? [`--volume-size ${volumeSize}`] : []),
    `--project ${project}`,
  ];
  return `npx weftkit ${target === "compose" ? "compose" : "k8s"} ${flags.join(" ")}`;
}
