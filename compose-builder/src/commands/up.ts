import { Command, Option } from "commander";
import { requireBuilt } from "../engine-list.ts";
import { builtEngineNames, type EngineName } from "../images.ts";
import { startEngine } from "../local/child.ts";
import { terminalLine } from "../local/log-line.ts";
import { type LocalEngine, planLocal } from "../local/plan.ts";
import { portProblem } from "../local/ports.ts";
import { stopOnSignal } from "../local/stop.ts";
import { addEnginePort, type EnginePorts, readPort } from "../port-options.ts";
import { Failure } from "../terminal/failure.ts";
import { paint } from "../terminal/paint.ts";

interface Options {
  readonly dataDir?: string;
  readonly port?: EnginePorts;
  readonly adminPort?: number;
  readonly auth?: "none" | "password";
  readonly verbose?: true;
  readonly json?: true;
}

/** `weftkit up` */
export function upCommand(exit: (code: number) => void): Command {
  return new Command("up")
    .description("run engines here as local processes, until ctrl-C")
    .argument("[engine...]", `which engines (default: all that are built: ${builtEngineNames.join(", ")})`)
    .option("--data-dir <dir>", "where state, logs and passwords live (default: .weftkit)")
    .option("--port <engine=port>", "an engine's port; may be given for each", addEnginePort)
    .option(
      "--admin-port <port>",
      "the admin port of the first engine, the next for the second ... (default: 9464)",
      readPort,
    )
    .addOption(new Option("--auth <method>", "password makes one and keeps it").choices(["none", "password"]))
    .option("--verbose", "show every log line, not only warnings")
    .option("--json", "print the engines as one line of JSON when they serve")
    .addHelpText(
      "after",
      "\nWEFTKIT_ variables and weftkit.toml hold too; flags win. The exit code is the highest of the engines'.\n\nExample:\n  weftkit up inmemory --port inmemory=6380 --auth none",
    )
    .action(async (names: string[], options: Options) => exit(await up(names, options)));
}

async function up(names: readonly string[], options: Options): Promise<number> {
  const plans = planLocal(
    {
      engines: names.length === 0 ? builtEngineNames : [...new Set(names.map(requireBuilt))],
      dataDir: options.dataDir,
      ports: options.port ?? new Map(),
      adminPort: options.adminPort,
      auth: options.auth,
    },
    process.env,
  );
  await requireFreePorts(plans);
  const processes = plans.map((plan) =>
    startEngine(plan, (line) => showLine(plan.engine, line, options.verbose === true)),
  );
  const stopping = stopOnSignal(processes);
  const ready = await Promise.all(processes.map((engine) => engine.ready()));
  if (ready.every(Boolean) && !stopping.requested()) {
    if (options.json) printJson(plans);
    else printReady(plans);
  }
  return await stopping.allExited();
}

async function requireFreePorts(plans: readonly LocalEngine[]): Promise<void> {
  for (const { engine, host, port, admin } of plans) {
    const wanted = [
      { ...admin, flag: "--admin-port PORT" },
      { host, port, flag: `--port ${engine}=PORT` },
    ];
    for (const { host: address, port: number, flag } of wanted) {
      const problem = await portProblem(address, number);
      if (problem !== undefined) {
        throw new Failure(
          "unavailable",
          `port ${number} (${engine}) ${problem}`,
          `Choose another with ${flag}.`,
        );
      }
    }
  }
}

function showLine(engine: EngineName, line: string, verbose: boolean): void {
  const shown = terminalLine(engine, line, verbose);
  if (shown !== undefined) process.stderr.write(`${shown}\n`);
}

function printReady(plans: readonly LocalEngine[]): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  for (const { engine, url, credentials, admin, environment, logFile } of plans) {
    print(`${paint(process.stdout, ["bold", "green"], engine)}  ${paint(process.stdout, "bold", url)}`);
    if (credentials !== undefined) print(`  login  ${credentials}`);
    print(`  state  ${environment.WEFTKIT_DATA_DIR}`);
    print(`  log    ${logFile}`);
    print(`  admin  http://${admin.host}:${admin.port} (/readyz, /metrics, /v1/status)`);
  }
  print(
    process.stdout.isTTY
      ? "\nReady. Ctrl-C stops and saves everything."
      : `\nReady. Stop with: kill ${process.pid}`,
  );
}

function printJson(plans: readonly LocalEngine[]): void {
  const engines = plans.map(({ engine, url, credentials, host, port, admin, environment, logFile }) => ({
    engine,
    url,
    ...(credentials === undefined ? {} : { credentials }),
    host,
    port,
    admin: `http://${admin.host}:${admin.port}`,
    dataDir: environment.WEFTKIT_DATA_DIR,
    logFile,
  }));
  process.stdout.write(`${JSON.stringify({ pid: process.pid, engines })}\n`);
}
