import type { Doc } from "../bson/values.ts";
import { notSupported } from "../errors.ts";
import type { Call } from "../server/command.ts";

export async function explainAggregate(_call: Call, _body: Doc): Promise<Doc> {
  throw notSupported("explain");
}
