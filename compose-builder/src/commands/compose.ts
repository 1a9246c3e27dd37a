import { isIP } from "node:net";
import { basename, join, relative, resolve } from "node:path";
import { confirm } from "@clack/prompts";
import { Command, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { askForEngines, askForPersistence } from "../compose/ask.ts";
import { composeFiles } from "../compose/files.ts";
import { type PersistOptions, persistChoice, persistModes } from "../compose/persist-choice.ts";
import { fromHost } from "../compose/readme.ts";
import { functionPort } from "../deployment/function-service.ts";
import type { Deployment } from "../deployment/model.ts";
import { persistSecret } from "../deployment/persistence.ts";
import { planDeployment, secretName } from "../deployment/plan.ts";
import { parseEngineList } from "../engine-list.ts";
import { type PlannedFile, planFile, writeFile } from "../files/generated.ts";
import { keepSecret } from "../files/secret.ts";
import { showDiff } from "../files/show-diff.ts";
import { addEnginePort, type EnginePorts, readPort } from "../port-options.ts";
import { Failure } from "../terminal/failure.ts";
import { answered, canAsk } from "../terminal/interactive.ts";
import { paint } from "../terminal/paint.ts";

interface Options extends PersistOptions {
  readonly engines?: string;
  readonly out: string;
  readonly project?: string;
  readonly registry: string;
  readonly tag: string;
  readonly bind: string;
  readonly port?: EnginePorts;
  readonly force?: true;
  readonly json?: true;
}

/** `weftkit compose` */
export function composeCommand(): Command {
  return new Command("compose")
    .description(
      "write a docker-compose.yml with its secrets, .env and README; asks for what flags leave open",
    )
    .option("--engines <list>", "engines, each with a count: inmemory or inmemory:2")
    .addOption(
      new Option(
        "--persist <mode>",
        "where state lives: disabled is the containers' volumes, serverless pushes it to a function too (default: disabled)",
      ).choices(persistModes),
    )
    .option("--persist-url <url>", "the function's URL, as the containers reach it")
    .option("--persist-function", "run the Node function in this project, with a volume of its own")
    .option(
      "--persist-port <port>",
      `where this machine reaches that function (default: ${functionPort})`,
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
    .option("--registry <prefix>", "where images come from", "weftkit")
    .option("--tag <version>", "the images' version", manifest.version)
    .option("--bind <address>", "the address to publish ports on; 0.0.0.0 is every network", "127.0.0.1")
    .option("--port <engine=port>", "where an engine is published; its replicas follow", addEnginePort)
    .option("--force", "overwrite files even if they were edited")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      `
What exists is kept: secrets always, edited files unless --force is given.

Examples:
  weftkit compose --engines inmemory --out deploy && docker compose --project-directory deploy up -d --wait
  weftkit compose --engines inmemory --persist serverless --persist-url https://state.example.com
  weftkit compose --engines inmemory --persist serverless --persist-function --persist-encrypt`,
    )
    .action(compose);
}

async function compose(options: Options): Promise<void> {
  if (isIP(options.bind) === 0) throw new Failure("usage", `--bind ${options.bind} is not an IP address`);
  const out = resolve(options.out);
  const name = projectName(options.project, out);
  const engines = await chooseEngines(options);
  const deployment = planDeployment({
    name,
    engines,
    registry: options.registry,
    tag: options.tag,
    bind: options.bind,
    ports: options.port ?? new Map(),
    persist: persistChoice(await choosePersistence(options), name),
  });
  const files = composeFiles(deployment).map((file) => planFile(out, file));
  if (!options.json) for (const file of files) if (isDifferent(file)) showDiff(process.stdout, file);
  await agreeToOverwrite(files, options.force);
  for (const file of files) if (file.change !== "unchanged") writeFile(out, file);
  const secrets = deployment.secrets.map(({ name, form }) => {
    const path = join("secrets", name);
    return { path, change: keepSecret(join(out, path), form) };
  });
  const written = [
    ...files.map(({ path, change }) => ({ path, change: change === "edited" ? "overwritten" : change })),
    ...secrets,
  ];
  if (options.json) printJson(deployment, out, written);
  else printSummary(deployment, out, written);
}

async function chooseEngines({ engines }: Options) {
  if (engines !== undefined) return parseEngineList(engines);
  if (canAsk()) return askForEngines();
  throw new Failure(
    "usage",
    "--engines is missing, and there is no terminal to ask on",
    "For example --engines inmemory.",
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

function isDifferent({ change }: PlannedFile): boolean {
  return change === "updated" || change === "edited";
}

/** Resolves when nothing stands in the way, or --force or the user says so. */
async function agreeToOverwrite(files: readonly PlannedFile[], force = false): Promise<void> {
  const edited = files.filter(({ change }) => change === "edited").map(({ path }) => path);
  if (edited.length === 0 || force) return;
  const names = edited.join(", ");
  if (
    canAsk() &&
    answered(await confirm({ message: `${names} was edited. Overwrite?`, initialValue: false }))
  )
    return;
  throw new Failure(
    "edited",
    `not written by weftkit, or edited since: ${names}`,
    "Nothing was written. --out DIR writes elsewhere; --force overwrites.",
  );
}

/** A path as people would type it: relative below the current folder, else absolute. */
function shortest(path: string): string {
  const below = relative(process.cwd(), path) || ".";
  return below.startsWith("..") ? path : below;
}

interface Written {
  readonly path: string;
  readonly change: string;
}

function printSummary(deployment: Deployment, out: string, written: readonly Written[]): void {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const folder = shortest(out);
  for (const { path, change } of written) {
    print(
      `${paint(process.stdout, change === "unchanged" || change === "kept" ? "dim" : "green", change.padEnd(12))}${join(folder, path)}`,
    );
  }
  print("");
  for (const service of deployment.engines) {
    print(`${paint(process.stdout, "bold", service.name.padEnd(12))}${fromHost(service)}`);
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
  print(`\nStart it: ${folder === "." ? "" : `cd ${folder} && `}docker compose up -d --wait`);
}

function printJson(deployment: Deployment, out: string, files: readonly Written[]): void {
  const services = deployment.engines.map(({ name, engine, port }) => ({
    name,
    engine,
    host: port.address,
    port: port.host,
    passwordFiles: [join(out, "secrets", secretName(engine))],
  }));
  const { name: project, persistence } = deployment;
  process.stdout.write(`${JSON.stringify({ project, out, files, services, persistence }, null, 2)}\n`);
}
