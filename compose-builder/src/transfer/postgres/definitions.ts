import type pg from "pg";
import { Failure } from "../../terminal/failure.ts";

/** Something that is made by a statement: what it is and which, the same at both sides. */
export interface Definition {
  readonly name: string;
  readonly sql: string;
}

/** What a server has of some kinds, in an order in which it can be made as a rule. */
export async function readDefinitions(client: pg.Client, queries: readonly string[]): Promise<Definition[]> {
  const found: Definition[] = [];
  for (const query of queries) found.push(...(await client.query<Definition>(query)).rows);
  return found;
}

/** A definition that a server has refused. */
export interface Refused {
  readonly definition: Definition;
  readonly error: pg.DatabaseError;
}

/**
 * Makes definitions, each at once or not at all. What is refused is tried again when the others are there, as often as that helps: a
 * function may need a table, and a table a function. Returns what is still refused then.
 */
export async function define(target: pg.Client, definitions: readonly Definition[]): Promise<Refused[]> {
  let waiting = definitions;
  for (;;) {
    const refused: Refused[] = [];
    for (const definition of waiting) {
      try {
        await target.query(definition.sql);
      } catch (error) {
        if (!isOfServer(error)) throw error;
        refused.push({ definition, error });
      }
    }
    if (refused.length === 0 || refused.length === waiting.length) return refused;
    waiting = refused.map(({ definition }) => definition);
  }
}

/** @throws Failure with the first of these */
export function mustBeNone([first]: readonly Refused[]): void {
  if (first === undefined) return;
  const { definition, error } = first;
  throw new Failure(
    "failed",
    `the target refuses ${definition.name}: ${error.message}`,
    `Change it at the source, or make what it needs at the target, and give the same command again: it goes on from here. It was: ${definition.sql.trim()}`,
  );
}

/** Whether a server has answered with an error; everything else is a connection that was lost. */
export function isOfServer(error: unknown): error is pg.DatabaseError {
  return error instanceof Error && "severity" in error && error.severity === "ERROR";
}
