import { useEffect } from "preact/hooks";
import type { EngineInfo } from "../src/api.ts";
import { errorBody, get, logOut } from "./api-client.ts";
import { EnginePage } from "./engine-page.tsx";
import { FleetPage } from "./fleet-page.tsx";
import { Lazily } from "./lazily.tsx";
import { Mark } from "./mark.tsx";
import { Palette } from "./palette.tsx";
import { engines, enginesError, paletteIsOpen, route, session, shownEngine } from "./state.ts";
import { switchTheme } from "./theme.ts";

const refreshEveryMs = 5000;

/** What stands around every page: the engines at the side, what can be done at the top. */
export function Shell() {
  useEffect(followEngines, []);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      paletteIsOpen.value = !paletteIsOpen.value;
    };
    addEventListener("keydown", keys, { capture: true });
    return () => removeEventListener("keydown", keys, { capture: true });
  }, []);
  const shown = shownEngine();
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header>
        <a class="brand" href="#/">
          <Mark /> WeftKit
        </a>
        <button
          type="button"
          class="search"
          aria-keyshortcuts="Control+K"
          onClick={() => {
            paletteIsOpen.value = true;
          }}
        >
          Go to… <kbd>Ctrl K</kbd>
        </button>
        <span class="spacer" />
        <button type="button" onClick={switchTheme} aria-label="Switch between dark and light">
          ◐
        </button>
        <span class="user">
          {session.value?.user} <small>{session.value?.roles.join(", ")}</small>
        </span>
        <button type="button" onClick={() => logOut().catch(() => {})}>
          Log out
        </button>
      </header>
      <nav aria-label="Engines">
        <a href="#/" aria-current={route.value === "/" ? "page" : undefined}>
          Fleet
        </a>
        <a href="#/compose" aria-current={route.value === "/compose" ? "page" : undefined}>
          Compose Builder
        </a>
        {engines.value.map((engine) => (
          <a
            key={engine.id}
            href={`#${encodeURI(`/engine/${engine.id}`)}`}
            aria-current={engine === shown ? "page" : undefined}
          >
            <State of={engine} /> {engine.name}
            <small>{engine.address}</small>
          </a>
        ))}
      </nav>
      <main id="content" tabIndex={-1}>
        {enginesError.value !== undefined && (
          <p class="error" role="alert">
            {enginesError.value}
          </p>
        )}
        {shown !== undefined ? (
          <EnginePage key={shown.id} engine={shown} />
        ) : route.value === "/compose" ? (
          <Lazily load={builder} />
        ) : (
          <FleetPage />
        )}
      </main>
      {paletteIsOpen.value && <Palette />}
    </div>
  );
}

const builder = async () => (await import("./builder/builder-page.tsx")).BuilderPage;

const words = {
  ready: "ready",
  not_ready: "not ready",
  unreachable: "unreachable",
  unknown: "state unknown",
};

/** How an engine is: as a shape and a word, not by colour alone. */
export function State({ of: { state } }: { of: EngineInfo }) {
  return <i class={`state ${state}`} role="img" aria-label={words[state]} title={words[state]} />;
}

function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** Keeps the list of engines as new as five seconds; returns what stops it. */
function followEngines(): () => void {
  const stop = new AbortController();
  let timer: number | undefined;
  const refresh = async () => {
    try {
      engines.value = await get<readonly EngineInfo[]>("api/engines", stop.signal);
      enginesError.value = undefined;
    } catch (error) {
      if (!stop.signal.aborted) enginesError.value = errorBody(error).message;
    }
    if (!stop.signal.aborted) timer = setTimeout(refresh, refreshEveryMs) as unknown as number;
  };
  refresh();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}
