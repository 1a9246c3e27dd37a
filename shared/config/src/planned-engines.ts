import { bytes, type EngineDescription, engineKeys, text } from "./engine-description.ts";

/**
 * Engines that have no image yet. Their sections are read and checked, so that one weftkit.toml holds for the whole
 * fleet. Whoever builds one moves its description to `images/<engine>/src/description.ts`.
 */
export const document = {
  title: "documents, MongoDB protocol",
  doc: "Documents over the MongoDB protocol.",
  protocol: "MongoDB",
  protocols: ["mongodb"],
  port: 27_017,
  keys: engineKeys(27_017),
} satisfies EngineDescription;

export const graph = {
  title: "graphs, Bolt protocol",
  doc: "Cypher over Bolt.",
  protocol: "Bolt",
  protocols: ["bolt"],
  port: 7687,
  keys: engineKeys(7687),
} satisfies EngineDescription;

export const filestore = {
  title: "objects, S3 API",
  doc: "Objects over the S3 API.",
  protocol: "S3 and REST",
  protocols: ["s3"],
  port: 8081,
  keys: {
    ...engineKeys(8081),
    storage: text("Where objects are stored.", { fallbackDoc: "`files` in `server.data_dir`" }),
    max_size: bytes("How much may be stored in all; 0 is no limit.", 0, { example: '"100GB"' }),
  },
} satisfies EngineDescription;
