import { mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readFileOf, type StateFile, type StatePlaces } from "@weftkit/persist/snapshot";
import type { Engine, EngineContext } from "../src/index.ts";

/**
 * An engine whose state is one text, kept in two places: in a file and in a folder. It answers `get` with both, and takes any other line
 * as the text. With a text that begins with "refused" it does not start.
 */
export class NoteEngine implements Engine<"inmemory"> {
  readonly #sockets = new Set<Socket>();
  #dataDir = "";

  places(dataDir: string): StatePlaces {
    return { note: join(dataDir, "note"), folder: join(dataDir, "notes") };
  }

  async open(ctx: EngineContext<"inmemory">): Promise<void> {
    this.#dataDir = ctx.dataDir;
    mkdirSync(join(ctx.dataDir, "notes"), { recursive: true });
    if (this.text.startsWith("refused")) throw new Error("this text is refused");
  }

  get text(): string {
    return this.#files.map(({ path }) => read(path)).join("+");
  }

  accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => this.#sockets.delete(socket));
    createInterface(socket).on("line", (line) => {
      if (line !== "get") for (const { path } of this.#files) writeFileSync(path, line);
      socket.write(`${this.text}\n`);
    });
  }

  async *snapshot(): AsyncGenerator<StateFile> {
    for (const { place, path, name } of this.#files) {
      const { size: bytes } = statSync(path);
      yield { place, path: name, bytes, read: () => readFileOf(openSync(path, "r"), bytes) };
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
  }

  get #files() {
    return [
      { place: "note", name: "", path: join(this.#dataDir, "note") },
      { place: "folder", name: "text", path: join(this.#dataDir, "notes", "text") },
    ];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
