import { PgError } from "../errors.ts";
import type { PluginMaker } from "./output-plugin.ts";
import { pgoutput } from "./pgoutput.ts";
import { testDecoding } from "./test-decoding.ts";
import { wal2json } from "./wal2json.ts";

const makers: ReadonlyMap<string, PluginMaker> = new Map<string, PluginMaker>([
  ["test_decoding", testDecoding],
  ["pgoutput", pgoutput],
  ["wal2json", wal2json],
]);

/** @throws PgError 58P01, as for a library that is not installed */
export function requirePlugin(name: string): PluginMaker {
  const maker = makers.get(name);
  if (maker === undefined)
    throw new PgError("58P01", `could not access file "${name}": No such file or directory`, {
      hint: `There are ${[...makers.keys()].join(", ")}.`,
    });
  return maker;
}
