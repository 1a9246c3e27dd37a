import type { ClientSession } from "../server/server.ts";

const ERROR_SHOWN_BYTES = 200;

/** Runs the command in the session's arguments beside what clients send. Returns its error; any other answer is dropped. */
export function runBeside(session: ClientSession): string | undefined {
  const { server } = session;
  const { reply } = server;
  const { length, errors } = reply;
  server.running = session;
  try {
    server.execute(session);
  } finally {
    server.running = undefined;
  }
  const isError = reply.errors !== errors;
  const error = isError
    ? reply.buffer.toString("latin1", length, Math.min(reply.length, length + ERROR_SHOWN_BYTES)).trimEnd()
    : undefined;
  reply.length = length;
  return error;
}
