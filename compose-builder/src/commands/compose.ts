import { isIP } from "node:net";
import { basename, join, resolve } from "node:path";
import { confirm } from "@clack/prompts";
import { Command, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { askForPersistence } from "../compose/ask.ts";
import { composeFiles } from "../compose/files.ts";
import { type PersistOptions, persistChoice, persistModes } from "../compose/persist-choice.ts";
import {
  dropped,
  noProject,
  type PresentProject,
  readProject,
  refusePortClashes,
} from "../compose/project.ts";
import { entrancesFromHost, fromHost } from "../compose/readme.ts";
import { type ComposeSurroundings, makeDataFolders, requireSurroundings } from "../compose/surroundings.ts";
import { frontNames } from "../deployment/front.ts";
import { type Deployment, servicesOf } from "../deployment/model.ts";
import { persistSecret } from "../deployment/persistence.ts";
import { planDeployment } from "../deployment/plan.ts";
import { storeServices } from "../deployment/store-service.ts";
import type { WantedEngine } from "../engine-list.ts";
import { printWritten, shortest, type Written, writeAll } from "../files/write-all.ts";
import { readRegistry, readTag } from "../image-options.ts";
import type { EngineName } from "../images.ts";
import {
  addEngineMemory,
  addEnginePort,
  type EngineMemory,
  type EnginePorts,
  readPort,
} from "../port-options.ts";
import { parseServiceList } from "../service-list.ts";
import { Failure } from "../terminal/failure.ts";
import { answered, canAsk } from "../terminal/interactive.ts";
import { paint } from "../terminal/paint.ts";
import { chooseEngines } from "./engine-choice.ts";
import type { ProjectOptions } from "./project-options.ts";

interface Options extends ProjectOptions, PersistOptions {
  readonly bind: string;
  readonly port?: EnginePorts;
  readonly memory?: EngineMemory;
  readonly network?: string;
  readonly data?: string;
  readonly prometheus?: true;
  readonly remove?: true;
}

/** `weftkit compose` */
export function composeCommand(): Command {
  return new Command("compose")
    .description(
      "write a docker-compose.yml with its secrets, .env and README; asks for what flags leave open",
    )
    .option("--engines <list>", "engines, each with a count: inmemory or inmemory:2")
    .option("--with <list>", `what stands before them: ${frontNames.join(", ")}`)
    .addOption(
      new Option(
        "--persist <mode>",
        "where state lives: disabled is the containers' volumes, serverless pushes it to a function too, container to the persistence sidecar (default: disabled)",
      ).choices(persistModes),
    )
    .option("--persist-url <url>", "the function's URL, as the containers reach it")
    .option("--persist-function", "run the Node function in this project, with a volume of its own")
    .option(
      "--persist-port <port>",
      `where this machine reaches what keeps the states in this project (default: ${storeServices.function.port} or ${storeServices.sidecar.port})`,
      readPort,
    )
    .option("--persist-schedule <cron>", "when to push (default: every 15 minutes, and at the end always)")
    .option(
      "--persist-namespace <name>",
      "the first part of the states' places (default: the project's name)",
    )
    .option("--persist-encrypt", "encrypt everything before it leaves, with a generated key")
    .option("--out <dir>", "the folder to write to", ".")
    .option("--project <name>", "the project's name (default: the folder's)")
    .option("--registry <prefix>", "where images come from", readRegistry, "weftkit")
    .option("--tag <version>", "the images' version", readTag, manifest.version)
    .option("--bind <address>", "the address to publish ports on; 0.0.0.0 is every network", "127.0.0.1")
    .option("--port <engine=port>", "where an engine is published; its replicas follow", addEnginePort)
    .option("--memory <engine=size>", "the memory limit of an engine's containers", addEngineMemory)
    .option("--network <name>", "a network that exists, in the place of one of the project's own")
    .option("--data <dir>", "a folder of this machine for the state, in the place of volumes: ./data")
    .option("--prometheus", "a Prometheus that reads all metrics, in the profile monitoring")
    .option("--remove", "take away services, or persistence, that an earlier run has written")
    .option("--force", "overwrite files even if they were edited")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      `
What exists is kept: secrets always, the images that .env names unless --tag or --registry is given, edited files unless
--force is given, services that are not named any more until --remove is given.

Examples:
  weftkit compose --engines inmemory --out deploy && docker compose --project-directory deploy up -d --wait
  weftkit compose --engines relational,inmemory --with gateway,pool,playground
  weftkit compose --engines inmemory --persist serverless --persist-url https://state.example.com
  weftkit compose --engines inmemory --persist serverless --persist-function --persist-encrypt`,
    )
    .action(compose);
}

async function compose(options: Options, command: Command): Promise<void> {
  if (isIP(options.bind) === 0) throw new Failure("usage", `--bind ${options.bind} is not an IP address`);
  const out = resolve(options.out);
  const name = projectName(options.project, out);
  const engines = await chooseEngines(options.engines, "compose");
  const present = readProject(out);
  const deployment = planDeployment({
    name,
    engines,
    registry: options.registry,
    tag: options.tag,
    bind: options.bind,
    ports: options.port ?? new Map(),
    memory: memoryOf(present, engines, options.memory),
    front: parseServiceList(options.with, engines),
    persist: persistChoice(await choosePersistence(options), name),
  });
  refuseAbsentEngines("port", options.port, engines);
  refusePortClashes(servicesOf(deployment));
  refuseAbsentEngines("memory", options.memory, engines);
  const surroundings = surroundingsOf(present, options);
  const gone = dropped(present, deployment);
  await agreeToDrop(gone, options.remove);
  const asksForImages = ["tag", "registry"].some((name) => command.getOptionValueSource(name) === "cli");
  const secrets = { folder: "secrets", list: deployment.secrets };
  const files = composeFiles(deployment, present, asksForImages, surroundings);
  const written = await writeAll(out, files, secrets, options);
  const { dataFolder } = surroundings;
  if (dataFolder !== undefined) makeDataFolders(out, dataFolder, servicesOf(deployment));
  if (options.json) printJson(deployment, out, written);
  else printSummary(deployment, out, written, gone.length > 0);
}

/** What the flags say, and where they say nothing what an earlier run has written, unless that is to be taken away. */
function surroundingsOf({ surroundings: present }: PresentProject, options: Options): ComposeSurroundings {
  const kept = options.remove ? noProject.surroundings : present;
  const wanted = {
    network: options.network ?? kept.network,
    dataFolder: options.data ?? kept.dataFolder,
    isMonitored: options.prometheus ?? kept.isMonitored,
  };
  requireSurroundings(wanted);
  return wanted;
}

/** As `surroundingsOf`. */
function memoryOf(
  { memory }: PresentProject,
  engines: readonly WantedEngine[],
  wanted: EngineMemory = new Map(),
): EngineMemory {
  const kept = engines.flatMap(({ engine }) => {
    const bytes = memory.get(engine);
    return bytes === undefined ? [] : [[engine, bytes] as const];
  });
  return new Map([...kept, ...wanted]);
}

/** An option for what is not there is a misunderstanding. */
function refuseAbsentEngines(
  option: string,
  values: ReadonlyMap<EngineName, number> = new Map(),
  engines: readonly WantedEngine[],
): void {
  const absent = [...values.keys()].find((name) => !engines.some(({ engine }) => engine === name));
  if (absent === undefined) return;
  throw new Failure(
    "usage",
    `--${option} ${absent}=${values.get(absent)}: ${absent} is none of the engines`,
    `Add it to --engines.`,
  );
}

/** Resolves when nothing would be taken away, or --remove or the user says so. */
async function agreeToDrop(gone: readonly string[], remove = false): Promise<void> {
  if (gone.length === 0 || remove) return;
  const names = gone.join(", ");
  if (
    canAsk() &&
    answered(await confirm({ message: `${names} would be taken away. Go on?`, initialValue: false }))
  )
    return;
  throw new Failure(
    "edited",
    `an earlier run has written what these flags leave out: ${names}`,
    "Nothing was written. Give the flags of that run as well; or --remove takes it away, its volumes stay.",
  );
}

/** Asks where state is to live when nothing says so and the engines are asked for as well, or half of it is missing. */
async function choosePersistence(options: Options): Promise<PersistOptions> {
  const isOpen =
    options.persist === undefined
      ? options.engines === undefined
      : options.persist === "serverless" && options.persistUrl === undefined && !options.persistFunction;
  return isOpen && canAsk() ? { ...options, ...(await askForPersistence(options)) } : options;
}

/** The name that compose puts before containers and volumes; a folder's name is made to fit. */
function projectName(given: string | undefined, out: string): string {
  const pattern = /^[a-z0-9][a-z0-9_-]*$/;
  const name =
    given ??
    basename(out)
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, "-")
      .replace(/^[^a-z0-9]+/, "");
  if (pattern.test(name)) return name;
  if (given === undefined) return "weftkit";
  throw new Failure("usage", `--project "${given}" must be lower-case letters, digits, "-" and "_"`);
}

function printSummary(
  deployment: Deployment,
  out: string,
  written: readonly Written[],
  hasOrphans: boolean,
): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const folder = shortest(out);
  printWritten(out, written);
  print("");
  for (const service of deployment.engines) {
    print(`${paint(process.stdout, "bold", service.name.padEnd(12))}${fromHost(service)}`);
  }
  for (const service of deployment.front) {
    for (const url of entrancesFromHost(service, deployment.engines)) {
      print(`${paint(process.stdout, "bold", service.name.padEnd(12))}${url}`);
    }
  }
  const { persistence } = deployment;
  if (persistence.mode !== "disabled") {
    print(`\nState is pushed to ${persistence.url}; README.md says what survives what.`);
    if (persistence.service === undefined) {
      print(
        `The function there needs the secret of ${join(folder, "secrets", persistSecret.name)}, or put its own into that file.`,
      );
    }
  }
  print(
    `\nStart it: ${folder === "." ? "" : `cd ${folder} && `}docker compose up -d --wait${hasOrphans ? " --remove-orphans" : ""}`,
  );
}

function printJson(deployment: Deployment, out: string, files: readonly Written[]): void {
  const services = deployment.engines.map(({ name, engine, ports: [port], password }) => ({
    name,
    engine,
    host: port.address,
    port: port.host,
    passwordFiles: [join(out, "secrets", password.name)],
  }));
  const front = deployment.front.map(({ name, entrances }) => ({
    name,
    entrances: entrances.map(({ engine, port }) => ({ engine, host: port.address, port: port.host })),
  }));
  const { name: project, persistence } = deployment;
  process.stdout.write(`${JSON.stringify({ project, out, files, services, front, persistence }, null, 2)}\n`);
}
