import { COMPLETE, INCOMPLETE, ProtocolError, RequestParser } from "../protocol/request.ts";
import type { ClientSession, Server } from "../server/server.ts";
import { runBeside } from "./run-beside.ts";

/** A primary is trusted with the longest string that there can be. */
const LIMITS = { bulkBytes: 2 ** 31, isAuthenticated: true };

/** A command of the primary has no meaning here, or failed. */
export class CommandFailed extends Error {}

/** Runs a primary's commands as they come, and knows how far it is. */
export class CommandStream {
  readonly #session: ClientSession;
  readonly #server: Server;
  readonly #parser = new RequestParser();
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The next command is not whole with fewer bytes. */
  #wantedBytes = 1;
  /** Bytes of commands that were taken, beyond `offset` while a transaction is open. */
  #taken: number;
  /** Behind the last command that was run; a transaction is run by its EXEC. */
  offset: number;
  /** A command failed that had not failed at the primary. */
  isSpoiled = false;

  constructor(server: Server, offset: number) {
    this.#server = server;
    this.#session = server.createFollowingSession();
    this.#taken = offset;
    this.offset = offset;
  }

  close(): void {
    this.#server.closeSession(this.#session);
  }

  /**
   * Runs the commands that are whole with these bytes, and keeps what is left.
   *
   * @throws CommandFailed
   */
  run(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#wantedBytes) return;
    const input = this.#chunks.length === 1 ? bytes : Buffer.concat(this.#chunks);
    const server = this.#server;
    const parser = this.#parser;
    server.tick();
    parser.reset(0);
    let start = 0;
    try {
      for (;;) {
        const result = parser.parse(input, input.length, server.args, LIMITS);
        if (result === INCOMPLETE) break;
        if (result === COMPLETE) this.#execute();
        this.#taken += parser.position - start;
        start = parser.position;
        if (this.#session.transaction === undefined) this.offset = this.#taken;
      }
    } catch (error) {
      this.isSpoiled = true;
      if (error instanceof ProtocolError) throw new CommandFailed(`sent no command: ${error.message}`);
      throw error;
    }
    this.#wantedBytes = Math.max(parser.wantedBytes, input.length - start + 1);
    const rest = Buffer.from(input.subarray(start));
    this.#chunks = [rest];
    this.#bytes = rest.length;
  }

  #execute(): void {
    const session = this.#session;
    const error = runBeside(session);
    if (error === undefined) return;
    const name = session.command?.fullName ?? "a command";
    throw new CommandFailed(`has run ${name}, which fails here: ${error}`);
  }
}
