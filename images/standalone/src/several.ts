import { join } from "node:path";
import { type EngineName, engineNames, type LoadedConfig } from "@weftkit/config";
import { exitCodes } from "@weftkit/host/exit-codes";
import { ChildProgram } from "./child-program.ts";
import { freeLoopbackPorts, untilListening } from "./loopback.ts";
import { defaultPort, programOf } from "./module.ts";

/** What several need. */
export interface SeveralOptions {
  readonly loaded: LoadedConfig;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when all is to end. */
  readonly stop: AbortSignal;
}

/** Variables that mean one program; each of several gets its own instead. */
const ownVariables = [
  "WEFTKIT_PORT",
  "WEFTKIT_BIND",
  "WEFTKIT_SERVER_BIND",
  "WEFTKIT_DATA_DIR",
  "WEFTKIT_SERVER_DATA_DIR",
  "WEFTKIT_ADMIN_PORT",
  "WEFTKIT_SERVER_ADMIN_PORT",
];

/**
 * Several engines on one port.
 *
 * 1. Each engine is a process of its own on a port of the loopback address, in TLS with the same certificate, so that what a
 *    login is bound to (RFC 5929) is the same at both.
 * 2. When all of them listen, the gateway's program opens the port, and tells the protocols apart.
 * 3. When one of them ends, or all are to end, the gateway ends first, then the engines.
 *
 * Resolves to the exit code.
 */
export async function runSeveral({ loaded, env, stop }: SeveralOptions): Promise<number> {
  const modules = engineNames.filter((name) => loaded.config.standalone.modules.includes(name));
  const ports = await freeLoopbackPorts(modules.length);
  // Told to end before there was anybody who could be.
  if (stop.aborted) return exitCodes.ok;
  const engines = modules.map(
    (module, index) => new ChildProgram(programOf(module), engineVariables(options(module, index))),
  );
  function options(module: EngineName, index: number): EngineOptions {
    return { module, index, port: ports[index]!, loaded, env };
  }
  const begun = [...engines];
  const isOver = new AbortController();
  const asked = new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  const over = Promise.race([asked, ...engines.map(({ exited }) => exited)]).then(() => isOver.abort());
  const isListening = ports.map((port) => untilListening(port, isOver.signal));
  await Promise.race([over, Promise.all(isListening)]);
  if (!isOver.signal.aborted) {
    const gateway = new ChildProgram(programOf("gateway"), gatewayVariables(modules, ports, { loaded, env }));
    begun.unshift(gateway);
    await Promise.race([over, gateway.exited]);
  }
  return await endAll(begun, stop);
}

/** Ends them in this order, the engines together: what the gateway passes on is answered before. */
async function endAll([first, ...others]: readonly ChildProgram[], stop: AbortSignal): Promise<number> {
  const all = [first!, ...others];
  // Who ended without being asked says why all do; 0 is none of the reasons.
  const unasked = stop.aborted ? undefined : all.find(({ code }) => code !== undefined);
  const codes = [await first!.end(), ...(await Promise.all(others.map((child) => child.end())))];
  if (unasked !== undefined) return unasked.code || exitCodes.software;
  return codes.find((code) => code !== exitCodes.ok) ?? exitCodes.ok;
}

interface EngineOptions extends Pick<SeveralOptions, "loaded" | "env"> {
  readonly module: EngineName;
  readonly index: number;
  readonly port: number;
}

function engineVariables({ module, index, port, loaded, env }: EngineOptions): NodeJS.ProcessEnv {
  const { server } = loaded.config;
  const prefix = `WEFTKIT_${module.toUpperCase()}`;
  return {
    ...without(env, ownVariables),
    WEFTKIT_DATA_DIR: join(server.data_dir, module),
    WEFTKIT_ADMIN_PORT: String(server.admin_port === 0 ? 0 : server.admin_port + 1 + index),
    WEFTKIT_SERVER_BIND: server.bind,
    [`${prefix}_PORT`]: String(port),
    [`${prefix}_BIND`]: "127.0.0.1",
  };
}

function gatewayVariables(
  modules: readonly EngineName[],
  ports: readonly number[],
  { loaded, env }: Pick<SeveralOptions, "loaded" | "env">,
): NodeJS.ProcessEnv {
  const backends = modules.map((module, index) => `${module}=127.0.0.1:${ports[index]}?tls=on`);
  const isPortSet = loaded.source("gateway", "shared_port") !== undefined;
  return {
    ...without(env, ["WEFTKIT_PORT"]),
    WEFTKIT_GATEWAY_BACKENDS: backends.join(","),
    WEFTKIT_GATEWAY_ENGINE_PORTS: "false",
    WEFTKIT_GATEWAY_TLS_REQUIRED: "true",
    // It is this process's own children that it speaks to, by an address that no certificate names.
    WEFTKIT_GATEWAY_BACKEND_TLS_VERIFY: "false",
    ...(!isPortSet && { WEFTKIT_GATEWAY_SHARED_PORT: String(defaultPort) }),
  };
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
