import { parseArgs } from "node:util";
import { ConfigError, loadConfig } from "@weftkit/config";
import { exitCodes } from "@weftkit/host/exit-codes";
import { weftkitVersion } from "./identity.ts";
import { defaultPort, moduleVariables, programOf } from "./module.ts";
import { runSeveral } from "./several.ts";

const help = `weftkit/standalone: the engines that [standalone] names, in TLS, on port ${defaultPort}; docs/standalone.md says more.

  --config <file>   the file, in place of ./weftkit.toml or /etc/weftkit/weftkit.toml
  --version         which version this is
  --help            this
`;

/** The file of `--config`; nothing where the arguments are not understood, which the engine says as every image does. */
function readArguments(): string | undefined {
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { config: { type: "string" }, version: flag, help: flag },
    strict: false,
  });
  if (values.version === true || values.help === true) {
    process.stdout.write(values.version === true ? `weftkit/standalone ${weftkitVersion}\n` : help);
    process.exit(exitCodes.ok);
  }
  return typeof values.config === "string" ? values.config : undefined;
}

/** Aborted at the first signal that all is to end. */
function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

try {
  // As the programs will read it, so that every mistake is told before any of them is loaded.
  const loaded = loadConfig({ env: process.env, file: readArguments() });
  const { module, modules } = loaded.config.standalone;
  if (modules.length > 0) {
    process.exit(await runSeveral({ loaded, env: process.env, stop: untilStopped() }));
  }
  Object.assign(process.env, moduleVariables(loaded));
  // The engine's own program: from here on this process is its image.
  await import(programOf(module!).href);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`weftkit standalone: ${error.message}\n`);
  process.exit(exitCodes.config);
}
