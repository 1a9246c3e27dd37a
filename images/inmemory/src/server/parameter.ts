import type { Server } from "./server.ts";

/** A parameter of CONFIG GET and SET. */
export interface Parameter {
  readonly name: string;
  get(server: Server): string;
  /** Returns why the value is refused, or undefined after setting it. Absent: fixed while running. */
  set?(server: Server, value: string): string | undefined;
  /** The value is kept and shown, nothing more. */
  readonly isInert?: boolean;
}

/** A parameter that nobody can set. */
export function fixed(name: string, get: (server: Server) => string): Parameter {
  return { name, get };
}
