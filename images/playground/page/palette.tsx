import { useEffect, useRef, useState } from "preact/hooks";
import { logOut } from "./api-client.ts";
import { engines, go, paletteIsOpen } from "./state.ts";
import { switchTheme } from "./theme.ts";

interface Entry {
  readonly title: string;
  run(): void;
}

function entries(): Entry[] {
  return [
    { title: "Fleet", run: () => go("/") },
    { title: "Compose Builder", run: () => go("/compose") },
    ...engines.value.map(({ id, name, address }) => ({
      title: `${name} · ${address}`,
      run: () => go(`/engine/${id}`),
    })),
    { title: "Switch between dark and light", run: switchTheme },
    { title: "Log out", run: () => void logOut().catch(() => {}) },
  ];
}

/** Everything there is, by its name; opened with Ctrl-K. */
export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const letters = text.toLowerCase().split(/\s+/);
  const found = entries().filter(({ title }) => letters.every((word) => title.toLowerCase().includes(word)));
  const close = () => {
    paletteIsOpen.value = false;
  };
  const choose = (entry: Entry | undefined) => {
    close();
    entry?.run();
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((now) => (now + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") choose(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Go to" onClose={close}>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-entries"
        aria-activedescendant={found.length === 0 ? undefined : `palette-${at}`}
        aria-label="Go to an engine, or do something"
        placeholder="Go to an engine, or do something"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <div id="palette-entries" role="listbox" aria-label="What there is">
        {found.map((entry, index) => (
          <div
            key={entry.title}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => choose(entry)}
          >
            {entry.title}
          </div>
        ))}
      </div>
    </dialog>
  );
}
