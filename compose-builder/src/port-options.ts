import { parseBytes } from "@weftkit/core";
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

/** Memory limits by engine, bytes, as `--memory relational=2GB` collects them. */
export type EngineMemory = ReadonlyMap<EngineName, number>;

/** Less, and Node and SQLite have no room for data. */
const memoryMin = 128 * 1024 ** 2;

/** Reads one `--memory ENGINE=SIZE` and adds it to those before it. */
export function addEngineMemory(text: string, limits: EngineMemory = new Map()): EngineMemory {
  const [name = "", size = "", ...rest] = text.split("=");
  const bytes = parseBytes(size);
  if (rest.length > 0 || bytes === undefined) throw new InvalidArgumentError("Write it as relational=2GB.");
  if (bytes < memoryMin) throw new InvalidArgumentError("At least 128MB.");
  return new Map(limits).set(requireBuilt(name), bytes);
}

/** What `weftkit up` runs. */
export type LocalName = EngineName | "playground";

/** Ports by engine, and the playground's. */
export type LocalPorts = ReadonlyMap<LocalName, number>;

/** Reads one `--port NAME=PORT` of an engine or the playground, and adds it to those before it. */
export function addLocalPort(text: string, ports: LocalPorts = new Map()): LocalPorts {
  const [, port] = /^playground=(.+)$/.exec(text) ?? [];
  if (port !== undefined) return new Map(ports).set("playground", readPort(port));
  return new Map([...ports, ...addEnginePort(text)]);
}

/** Reads a port. */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("A port is 1 to 65535.");
  return port;
}
