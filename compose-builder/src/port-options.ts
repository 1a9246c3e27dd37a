import { InvalidArgumentError } from "commander";
import { requireBuilt } from "./engine-list.ts";
import type { EngineName } from "./images.ts";

/** Ports by engine, as `--port inmemory=6380` collects them. */
export type EnginePorts = ReadonlyMap<EngineName, number>;

/** Reads one `--port ENGINE=PORT` and adds it to those before it. */
export function addEnginePort(text: string, ports: EnginePorts = new Map()): EnginePorts {
  const [name = "", port = "", ...rest] = text.split("=");
  if (rest.length > 0 || port === "") throw new InvalidArgumentError("Write it as inmemory=6380.");
  return new Map(ports).set(requireBuilt(name), readPort(port));
}

/** Reads a port. */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("A port is 1 to 65535.");
  return port;
}
