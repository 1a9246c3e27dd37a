import { parseArgs } from "node:util";
import { ConfigError, type EngineName, type ProgramName, type ServiceName } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { ImageDefinition } from "./engine.ts";
import { exitCodes } from "./exit-codes.ts";
import type { ServiceDefinition } from "./service.ts";
import { type ProcessOptions, type RunningImage, startInProcess, startServiceInProcess } from "./start.ts";

/** After a defect the engine gets this long to save what it can. */
const crashBudgetMs = 5000;

/**
 * Runs an image as this process: signals, exit codes, everything. Resolves when it serves; the process then ends by
 * SIGTERM or SIGINT (exit code 0, or 75 when something is not saved), or by a defect (70). See `exitCodes`.
 *
 * @example await runImage({ name: "inmemory", version, create: () => new InmemoryEngine() });
 */
export function runImage<Name extends EngineName>(definition: ImageDefinition<Name>): Promise<void> {
  return runProgram(definition, (options) => startInProcess(definition, options));
}

/**
 * Runs a service's image as this process, as `runImage` does an engine's.
 *
 * @example await runService({ name: "pool", version, authenticates: false, create: () => new Pool() });
 */
export function runService<Name extends ServiceName>(definition: ServiceDefinition<Name>): Promise<void> {
  return runProgram(definition, (options) => startServiceInProcess(definition, options));
}

/** What runs, as its process sees it. */
type Running = Pick<RunningImage, "failed" | "handedOver" | "stop">;

async function runProgram(
  { name, version }: { readonly name: ProgramName; readonly version: string },
  start: (options: ProcessOptions) => Promise<Running>,
): Promise<void> {
  const interrupt = new AbortController();
  let log: Logger | undefined;
  let image: Running | undefined;

  const report = (error: unknown, message: string) => {
    if (log === undefined || error instanceof ConfigError) {
      process.stderr.write(`weftkit ${name}: ${messageOf(error)}\n`);
    } else {
      log.fatal({ err: error }, message);
    }
  };
  let crashed = false;
  const crash = async (error: unknown) => {
    // The first defect decides; those that follow from it while closing change nothing.
    if (crashed) return;
    crashed = true;
    report(error, "a defect: the image ends");
    await image?.stop(crashBudgetMs).catch((unsaved: unknown) => report(unsaved, "closing failed"));
    process.exit(exitCodes.software);
  };
  const shutDown = async (signal: NodeJS.Signals) => {
    if (interrupt.signal.aborted) {
      log?.warn({ signal }, "a second signal: the image ends without waiting");
      process.exit(exitCodes.unsaved);
    }
    log?.info({ signal }, "shutting down");
    interrupt.abort();
    // A boot that is under way notices by its signal; when it has ended, with or without success, this goes on.
    if (image !== undefined) await end(image);
  };
  const end = async (running: Running) => {
    try {
      await running.stop();
      process.exit(exitCodes.ok);
    } catch (error) {
      report(error, "something is not saved");
      process.exit(exitCodes.unsaved);
    }
  };

  /** Another process owns the state: no defect, but what was not pushed is on this volume only. */
  const endFenced = async (running: Running, error: unknown) => {
    report(error, "another process owns the state: the image ends");
    await running.stop(crashBudgetMs).catch((unsaved: unknown) => report(unsaved, "closing failed"));
    process.exit(exitCodes.unsaved);
  };

  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  process.on("SIGTERM", shutDown);
  process.on("SIGINT", shutDown);
  try {
    image = await start({
      env: process.env,
      file: readArguments(name, version),
      processMetrics: true,
      signal: interrupt.signal,
      onLog: (created) => {
        log = created;
      },
    });
  } catch (error) {
    if (interrupt.signal.aborted) process.exit(exitCodes.ok);
    report(error, "cannot start");
    process.exit(exitCodeOf(error));
  }
  if (interrupt.signal.aborted) await end(image);
  const running = image;
  running.failed.then((error) => (isFenced(error) ? endFenced(running, error) : crash(error)));
  running.handedOver.then(() => {
    log?.info("handing over: another engine takes this one's place");
    return shutDown("SIGTERM");
  });
}

/** The file of `--config`. `--version` and `--help` are answered, and end the process. */
function readArguments(name: ProgramName, version: string): string | undefined {
  let values: { config?: string; version?: boolean; help?: boolean };
  try {
    const flag = { type: "boolean" } as const;
    ({ values } = parseArgs({ options: { config: { type: "string" }, version: flag, help: flag } }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${reason}; the only argument is --config <file>`;
    throw new ConfigError([{ where: "arguments", message }]);
  }
  if (values.version || values.help) {
    process.stdout.write(values.version ? `weftkit/${name} ${version}\n` : helpOf(name));
    process.exit(exitCodes.ok);
  }
  return values.config;
}

function helpOf(name: ProgramName): string {
  return `weftkit/${name}: takes its settings from variables (WEFTKIT_...) and weftkit.toml; docs/configuration.md lists them all.

  --config <file>   the file, in place of ./weftkit.toml or /etc/weftkit/weftkit.toml
  --version         which version this is
  --help            this

In a container: \`docker exec NAME healthcheck\` says whether it serves, and if not, why.
`;
}

function isFenced(error: unknown): boolean {
  return error instanceof WeftkitError && error.code === "fenced";
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return exitCodes.config;
  return error instanceof WeftkitError ? exitCodes.unavailable : exitCodes.software;
}

/** The message alone of what we say ourselves; of anything else also where it came from. */
function messageOf(error: unknown): string {
  if (error instanceof WeftkitError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
