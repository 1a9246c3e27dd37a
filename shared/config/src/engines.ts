import { document } from "../../../images/document/src/description.ts";
import { filestore } from "../../../images/filestore/src/description.ts";
import { graph } from "../../../images/graph/src/description.ts";
import { inmemory } from "../../../images/inmemory/src/description.ts";
import { keyvalue } from "../../../images/keyvalue/src/description.ts";
import { markdown } from "../../../images/markdown/src/description.ts";
import { relational } from "../../../images/relational/src/description.ts";
import { vector } from "../../../images/vector/src/description.ts";
import type { EngineDescription } from "./engine-description.ts";

/**
 * The list of engines: the one place beside its own folder that adding an engine touches. The order is that of every
 * list and table. An engine's description imports nothing but `@weftkit/config/engine-description`, so that this is the
 * only way in which a library knows of an image (scripts/test/layers.test.ts).
 */
export const engines = {
  relational,
  document,
  keyvalue,
  graph,
  inmemory,
  vector,
  markdown,
  filestore,
} satisfies Record<string, EngineDescription>;

/** The name of an engine, of its section in weftkit.toml and of its image. */
export type EngineName = keyof typeof engines;

/** Every engine, in the order in which they are documented. */
export const engineNames = Object.keys(engines) as readonly EngineName[];

/** An engine that there is an image of. */
export type BuiltEngineName = {
  [Name in EngineName]: (typeof engines)[Name] extends { deployment: unknown } ? Name : never;
}[EngineName];
