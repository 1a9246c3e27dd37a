import { type Position, positionOf, tokenOf } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";

/** A place in the changes: behind a commit, and behind so many events of the one after it. */
export interface Place {
  readonly after: Position;
  readonly events: number;
}

/** As clients keep it: opaque, in hexadecimal digits. */
export function resumeToken(identity: string, { after, events }: Place): Doc {
  return Doc.of({
    _data: Buffer.from(`${tokenOf(identity, after)}/${events}`)
      .toString("hex")
      .toUpperCase(),
  });
}

/** @throws MongoError 260, 40647, 286 */
export function placeOfToken(token: Value | undefined, identity: string): Place {
  if (!(token instanceof Doc)) throw new MongoError(14, "The resume token must be an object");
  const data = token.get("_data");
  if (data === undefined) throw new MongoError(40647, "Bad resume token: _data of missing or of wrong type");
  if (typeof data !== "string")
    throw new MongoError(40647, "Bad resume token: _data of missing or of wrong type");
  if (data === "") throw new MongoError(40649, "Tried to parse empty resume token");
  const match = /^([0-9a-f]{16}-\d+-\d+)\/(\d{1,9})$/.exec(Buffer.from(data, "hex").toString());
  if (match === null) throw new MongoError(260, "Invalid resume token: it is not one of this server's");
  try {
    return { after: positionOf(match[1]!, identity), events: Number(match[2]) };
  } catch (error) {
    if (!(error instanceof WeftkitError)) throw error;
    throw new MongoError(error.code === "other_database" ? 286 : 260, error.message);
  }
}
