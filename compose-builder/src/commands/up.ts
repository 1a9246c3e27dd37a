import { Command, Option } from "commander";
import { requireBuilt } from "../engine-list.ts";
import { exitCodes } from "../exit-codes.ts";
import { builtEngineNames } from "../images.ts";
import { startProgram } from "../local/child.ts";
import { terminalLine } from "../local/log-line.ts";
import { type LocalProgram, planLocal } from "../local/plan.ts";
import { type PortProblem, portProblem } from "../local/ports.ts";
import { stopOnSignal } from "../local/stop.ts";
import { addLocalPort, type LocalName, type LocalPorts, readPort } from "../port-options.ts";
import { Failure } from "../terminal/failure.ts";
import { paint } from "../terminal/paint.ts";

interface Options {
  readonly dataDir?: string;
  readonly port?: LocalPorts;
  readonly playground?: boolean;
  readonly adminPort?: number;
  readonly auth?: "none" | "password";
  readonly check?: true;
  readonly verbose?: true;
  readonly json?: true;
}

/** `weftkit up` */
export function upCommand(exit: (code: number) => void): Command {
  return new Command("up")
    .description("run engines here as local processes, until ctrl-C")
    .argument("[engine...]", `which engines (default: all that are built: ${builtEngineNames.join(", ")})`)
    .option("--data-dir <dir>", "where state, logs and passwords live (default: .weftkit)")
    .option(
      "--port <engine=port>",
      "an engine's port, or the playground's; may be given for each",
      addLocalPort,
    )
    .option("--playground", "the playground too (default: when no engine is named)")
    .option("--no-playground", "all engines, and no playground")
    .option(
      "--admin-port <port>",
      "the admin port of the first engine, the next for the second ... (default: 9464)",
      readPort,
    )
    .addOption(new Option("--auth <method>", "password makes one and keeps it").choices(["none", "password"]))
    .option("--check", "look whether the ports are free, and start nothing")
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
      playground: options.playground ?? names.length === 0,
      engines: names.length === 0 ? builtEngineNames : [...new Set(names.map(requireBuilt))],
      dataDir: options.dataDir,
      ports: options.port ?? new Map(),
      adminPort: options.adminPort,
      auth: options.auth,
      startsNothing: options.check === true,
    },
    process.env,
  );
  await requireFreePorts(plans, options);
  if (options.check) return exitCodes.ok.code;
  const processes = plans.map((plan) =>
    startProgram(plan, (line) => showLine(plan.name, line, options.verbose === true)),
  );
  const stopping = stopOnSignal(processes);
  const ready = await Promise.all(processes.map((engine) => engine.ready()));
  if (ready.every(Boolean) && !stopping.requested()) {
    if (options.json) printJson(plans);
    else printReady(plans);
  }
  return await stopping.allExited();
}

/** Looks at all ports before anything starts. @throws Failure that names every one that cannot be had */
async function requireFreePorts(plans: readonly LocalProgram[], options: Options): Promise<void> {
  const wanted = plans.flatMap(({ name, host, port, admin }) => [
    { name, host, port, isAdmin: false },
    { name, ...admin, isAdmin: true },
  ]);
  const found = await Promise.all(
    wanted.map(async (one) => ({ ...one, problem: await portProblem(one.host, one.port) })),
  );
  const faults = found.filter(({ problem }) => problem !== undefined);
  if (faults.length === 0) return;
  const lines = faults.map(({ name, host, port, isAdmin, problem }) => {
    const where = problem!.isOfPort ? "" : `${host}:`;
    return `port ${where}${port} (${name}${isAdmin ? ", admin" : ""}) ${problem!.text}`;
  });
  throw new Failure("unavailable", lines.join("\n       "), await remedy(faults, plans, options));
}

interface WantedPort {
  readonly name: LocalName;
  readonly port: number;
  readonly isAdmin: boolean;
  readonly problem: PortProblem | undefined;
}

/** Flags with ports that are free, as one types them here. */
async function remedy(
  faults: readonly WantedPort[],
  plans: readonly LocalProgram[],
  { adminPort }: Options,
): Promise<string> {
  if (faults.some(({ problem }) => problem?.isOfPort === false)) {
    return "Set WEFTKIT_BIND, or bind in weftkit.toml, to an address of this machine.";
  }
  const flags: string[] = [];
  for (const { name, port, isAdmin } of faults) {
    if (!isAdmin) flags.push(`--port ${name}=${await freePortFrom(port + 10_000)}`);
  }
  // One flag moves all of them.
  if (faults.some(({ isAdmin }) => isAdmin)) {
    const from = (adminPort ?? Math.min(...plans.map(({ admin }) => admin.port))) + 10_000;
    flags.push(`--admin-port ${await freePortFrom(from, plans.length)}`);
  }
  const isNpmStart = process.env.npm_lifecycle_event === "start";
  return `These are free: ${isNpmStart ? "npm start -- " : ""}${flags.join(" ")}`;
}

/** The first of so many ports after one another that are free. */
async function freePortFrom(from: number, count = 1): Promise<number> {
  for (let first = Math.min(from, 50_000); first < 60_000; first += count) {
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const problems = await Promise.all(ports.map((port) => portProblem("127.0.0.1", port)));
    if (problems.every((problem) => problem === undefined)) return first;
  }
  return from;
}

function showLine(name: LocalName, line: string, verbose: boolean): void {
  const shown = terminalLine(name, line, verbose);
  if (shown !== undefined) process.stderr.write(`${shown}\n`);
}

function printReady(plans: readonly LocalProgram[]): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  for (const { name, url, credentials, admin, environment, logFile } of plans) {
    print(`${paint(process.stdout, ["bold", "green"], name)}  ${paint(process.stdout, "bold", url)}`);
    if (credentials !== undefined) print(`  login  ${credentials}`);
    if (name !== "playground") print(`  state  ${environment.WEFTKIT_DATA_DIR}`);
    print(`  log    ${logFile}`);
    print(`  admin  http://${admin.host}:${admin.port} (/readyz, /metrics, /v1/status)`);
  }
  print(
    process.stdout.isTTY
      ? "\nReady. Ctrl-C stops and saves everything."
      : `\nReady. Stop with: kill ${process.pid}`,
  );
}

function printJson(plans: readonly LocalProgram[]): void {
  const engines = plans
    .filter(({ name }) => name !== "playground")
    .map(({ name, environment, ...plan }) => ({
      engine: name,
      ...told(plan),
      dataDir: environment.WEFTKIT_DATA_DIR,
      logFile: plan.logFile,
    }));
  const page = plans.find(({ name }) => name === "playground");
  const playground = page && { ...told(page), logFile: page.logFile };
  process.stdout.write(
    `${JSON.stringify({ pid: process.pid, engines, ...(playground && { playground }) })}\n`,
  );
}

function told({ url, credentials, host, port, admin }: Omit<LocalProgram, "name" | "environment">) {
  return {
    url,
    ...(credentials === undefined ? {} : { credentials }),
    host,
    port,
    admin: `http://${admin.host}:${admin.port}`,
  };
}
