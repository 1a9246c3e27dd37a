import type { Doc } from "../bson/values.ts";
import { notSupported } from "../errors.ts";
import type { Call, Reply } from "../server/command.ts";

export function openChangeStream(_call: Call, _body: Doc, _batchSize: number): Promise<Reply> {
  throw notSupported("$changeStream");
}
