import { type EngineDescription, engineKeys } from "./engine-description.ts";

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
