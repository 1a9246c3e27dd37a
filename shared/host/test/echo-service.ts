import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Deadline } from "@weftkit/core";
import type { Service, ServiceContext, ServiceDefinition } from "../src/index.ts";

/** The smallest service: sends everything back. What it must do wrong, a test tells it. */
export class EchoService implements Service<"pool"> {
  context: ServiceContext<"pool"> | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onClose: (deadline: Deadline) => Promise<void>;

  constructor(onClose: (deadline: Deadline) => Promise<void> = async () => {}) {
    this.#onClose = onClose;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.pipe(socket);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async open(ctx: ServiceContext<"pool">): Promise<void> {
    this.context = ctx;
    this.#server.listen(ctx.section.port, ctx.section.bind);
    await once(this.#server, "listening");
  }

  async close(deadline: Deadline): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.#onClose(deadline);
  }

  status(): Record<string, unknown> {
    return { sockets: this.#sockets.size };
  }
}

/** The image around one service. */
export function definitionOf(
  service: EchoService,
  authenticates = false,
): ServiceDefinition<"pool", EchoService> {
  return { name: "pool", version: "1.2.3", authenticates, create: () => service };
}
