import { ConfigError, engineNames, type LoadedConfig, type ProgramName } from "@weftkit/config";

/** Where it listens when nobody says where, whatever the module. */
export const defaultPort = 20_000;

/**
 * The variables that the program of the one module needs beside those that are there.
 *
 * @throws ConfigError when none is named
 */
export function moduleVariables({ config, source }: LoadedConfig): Readonly<Record<string, string>> {
  const { module } = config.standalone;
  if (module === undefined) {
    const message = `not set, and this image runs the engine that it names: ${engineNames.join(", ")} (WEFTKIT_STANDALONE_MODULE)`;
    throw new ConfigError([{ where: "standalone.module", message }]);
  }
  return source(module, "port") === undefined ? { WEFTKIT_PORT: String(defaultPort) } : {};
}

/**
 * The main file of an image: beside this bundle, in a folder of the image's name with the worker threads and native files that
 * it looks for beside itself; or its source, where this runs from source.
 */
export function programOf(name: ProgramName): URL {
  const isSource = import.meta.url.endsWith(".ts");
  return new URL(isSource ? `../../${name}/src/main.ts` : `./${name}/main.mjs`, import.meta.url);
}
