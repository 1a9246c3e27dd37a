import type { Action } from "@weftkit/auth";
import type { AwsIdentity } from "@weftkit/http-aws";
import type { Members } from "../protocol/shape.ts";
import type { Services } from "../services.ts";

/** Who asks, and when. */
export interface Caller extends AwsIdentity {
  readonly nowMs: number;
  /** The name and port by which the client has reached this engine. */
  readonly host: string;
}

/** The body of an answer: something to write as JSON, or JSON. */
export type Answer = object | string;

/** One operation of the API. Its file in `validation/` has the members and the checks, this one does the work. */
export interface Operation<Input = never, Prepared = never> {
  readonly name: string;
  readonly members: Members;
  /** What a user must be allowed to do, to which tables. */
  readonly action: Action;
  tables?(prepared: Prepared): readonly string[];
  /** Where that depends on the request. */
  actionOf?(prepared: Prepared): Action;
  /** Whether it only makes room: it is done on a full volume, too. */
  frees?(prepared: Prepared): boolean;
  /** Checks what can be said of a request by itself, in AWS's order, and reads its expressions. */
  prepare(input: Input): Prepared;
  run(services: Services, prepared: Prepared, caller: Caller): Answer | Promise<Answer>;
}

/** Keeps an operation's types together. */
export function operation<Input, Prepared>(definition: Operation<Input, Prepared>): Operation {
  return definition as unknown as Operation;
}

/** For operations whose requests need no more checks than their shape. */
export function asItIs<Input>(input: Input): Input {
  return input;
}
