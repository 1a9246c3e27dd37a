import { WeftkitError } from "@weftkit/core";
import type { ChangesErrorCode, Position } from "./types.ts";

function error(code: ChangesErrorCode, message: string): WeftkitError {
  return new WeftkitError(code, message);
}

export function tooOld({ epoch, sequence }: Position, why: string): WeftkitError {
  return error(
    "too_old",
    `the changes after ${epoch}-${sequence} cannot be given (${why}): take a snapshot, and go on from its position`,
  );
}

export function consumerDropped(consumer: string, why: string): WeftkitError {
  return error(
    "consumer_dropped",
    `nothing is kept for ${consumer} any more (${why}): take a snapshot, and go on from its position`,
  );
}

export function otherDatabase(given: string, identity: string): WeftkitError {
  return error(
    "other_database",
    `the token is of the database ${given}, this one is ${identity}: take a snapshot of this one`,
  );
}

export function malformedToken(token: string): WeftkitError {
  return error("malformed_token", `${JSON.stringify(token)} is no position: give one as it was received`);
}
