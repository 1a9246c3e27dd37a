import type { Duplex } from "node:stream";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, ImageDefinition, Peer, Refusal } from "../src/index.ts";

/** The smallest engine: says who is there, then sends everything back. What it must do wrong, a test tells it. */
export class EchoEngine implements Engine<"inmemory"> {
  context: EngineContext<"inmemory"> | undefined;
  readonly peers: Peer[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #onClose: (deadline: Deadline) => Promise<void>;

  constructor(onClose: (deadline: Deadline) => Promise<void> = async () => {}) {
    this.#onClose = onClose;
  }

  async open(ctx: EngineContext<"inmemory">): Promise<void> {
    this.context = ctx;
  }

  accept(socket: Duplex, peer: Peer): void {
    this.peers.push(peer);
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    socket.write(`hello ${peer.identity?.user ?? "nobody"}\n`);
    socket.on("data", (chunk: Buffer) => {
      if (chunk.toString() === "throw\n") throw new Error("thrown on demand");
      if (chunk.toString() === "fatal\n") this.context?.fatal(new Error("fatal on demand"));
      socket.write(chunk);
    });
    socket.resume();
  }

  refuse(socket: Duplex, reason: Refusal): void {
    socket.end(`refused ${reason}\n`);
  }

  async close(deadline: Deadline): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#onClose(deadline);
  }

  status(): Record<string, unknown> {
    return { sockets: this.#sockets.size };
  }
}

/** The image around one engine. */
export function imageOf(engine: Engine<"inmemory">): ImageDefinition<"inmemory"> {
  return { name: "inmemory", version: "1.2.3", create: () => engine };
}
