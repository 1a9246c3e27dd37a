import { effect, signal } from "@preact/signals";
import type { EngineInfo, SessionInfo } from "../src/api.ts";

/** Undefined while it is not known yet; null when nobody is logged in. */
export const session = signal<SessionInfo | null | undefined>(undefined);

/** What is configured, as it was seen last. */
export const engines = signal<readonly EngineInfo[]>([]);
export const enginesError = signal<string | undefined>(undefined);

/** The part of the address that says what is shown: `/`, `/engine/relational@db:5432`. */
export const route = signal(readRoute());
export const paletteIsOpen = signal(false);

function readRoute(): string {
  return decodeURI(location.hash.slice(1)) || "/";
}

addEventListener("hashchange", () => {
  route.value = readRoute();
});

export function go(to: string): void {
  location.hash = encodeURI(to);
}

/** The engine that is shown. */
export function shownEngine(): EngineInfo | undefined {
  const id = /^\/engine\/(.+)$/.exec(route.value)?.[1];
  return engines.value.find((engine) => engine.id === id);
}

effect(() => {
  const id = /^\/engine\/(.+)$/.exec(route.value)?.[1];
  document.title = id === undefined ? "WeftKit playground" : `${id} · WeftKit playground`;
});
