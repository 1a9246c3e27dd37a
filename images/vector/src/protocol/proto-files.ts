import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** In the source tree proto/ is beside src/; a bundle has the files beside itself. */
const folder = import.meta.url.endsWith(".ts") ? "../../proto/" : "./";

export type ProtoName =
  | "weftkit_vec.proto"
  | "qdrant.proto"
  | "health.proto"
  | "reflection_v1.proto"
  | "reflection_v1alpha.proto";

/** A file, and the types that it defines. */
export interface Proto {
  readonly name: ProtoName;
  readonly root: protobuf.Root;
  /** The file of Google's types that it needs, if any: `google/protobuf/struct.proto`. */
  readonly needs: string | undefined;
}

/** Reads a file; each has a root of its own, as names may be the same. */
export function readProto(name: ProtoName): Proto {
  const text = readFileSync(new URL(folder + name, import.meta.url), "utf8");
  const root = new protobuf.Root();
  const [needs, ...others] = protobuf.parse(text, root, { keepCase: true }).imports ?? [];
  const known = needs === undefined ? undefined : protobuf.common.get(needs);
  if (known === null || others.length > 0) throw new Error(`${name} imports what is not there`);
  if (known !== undefined) root.addJSON(known.nested!);
  root.resolveAll();
  return { name, root, needs };
}
