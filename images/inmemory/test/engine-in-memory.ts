import RedisParser from "redis-parser";
import { Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { type ClientSession, Server, type ServerOptions } from "../src/server/server.ts";

export type Value = string | number | null | Error | Value[];

/** A server without a network: commands go in as words, replies come out decoded by an independent RESP2 reader. */
export class EngineInMemory {
  readonly server: Server;
  readonly session: ClientSession;

  constructor(options: Partial<ServerOptions> = {}) {
    this.server = new Server({ registry: new Registry(commandFamilies), ...options });
    this.session = this.client();
  }

  /** Another client, authenticated as one who may do everything. */
  client(): ClientSession {
    const session = this.server.createSession();
    session.authenticate({ user: "test", roles: ["superuser"], can: () => true, scope: () => "all" });
    return session;
  }

  /** Runs a command as the first client; errors are returned as Error values. Bulk strings are latin1 text. */
  run(...words: readonly (string | number | Buffer)[]): Value {
    return this.runAs(this.session, ...words);
  }

  /** Runs a command as the first client and returns the reply's bytes. */
  runRaw(...words: readonly (string | number | Buffer)[]): string {
    const { server } = this;
    this.#execute(this.session, words);
    return server.reply.buffer.toString("latin1", 0, server.reply.length);
  }

  /** Runs a command as a client; undefined when it blocks. */
  runAs(session: ClientSession, ...words: readonly (string | number | Buffer)[]): Value {
    const { server } = this;
    this.#execute(session, words);
    return decode(server.reply.buffer.subarray(0, server.reply.length))[0] as Value;
  }

  #execute(session: ClientSession, words: readonly (string | number | Buffer)[]): void {
    const { server } = this;
    session.args.load(
      words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word), "latin1"))),
    );
    server.tick();
    server.running = session;
    server.reply.length = 0;
    server.reply.version = session.version;
    server.execute(session);
    server.running = undefined;
  }

  /** Replies that a client got while others ran: pushes, and the end of a wait. */
  received(session: ClientSession): Value[] {
    const pending = session.takePending();
    return pending === undefined ? [] : decode(pending);
  }
}

/** Decodes RESP2. */
export function decode(bytes: Buffer): Value[] {
  const values: Value[] = [];
  const parser = new RedisParser({
    returnReply: (value: unknown) => values.push(text(value)),
    returnError: (error: Error) => values.push(new Error(error.message)),
    returnBuffers: true,
  });
  parser.execute(Buffer.from(bytes));
  return values;
}

function text(value: unknown): Value {
  if (value instanceof Error) return new Error(value.message);
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  if (Array.isArray(value)) return value.map(text);
  return value as Value;
}
