import { isIP } from "node:net";
import { basename, join, relative, resolve } from "node:path";
import { confirm } from "@clack/prompts";
import { Command, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { askForChoices } from "../compose/ask.ts";
import { composeFiles } from "../compose/files.ts";
import { fromHost } from "../compose/readme.ts";
import type { Deployment } from "../deployment/model.ts";
import { planDeployment } from "../deployment/plan.ts";
import { parseEngineList } from "../engine-list.ts";
import { Failure } from "../failure.ts";
import { type PlannedFile, planFile, writeFile } from "../files/generated.ts";
import { keepSecret } from "../files/secret.ts";
import { showDiff } from "../files/show-diff.ts";
import { addEnginePort, type EnginePorts } from "../port-options.ts";
import { answered, canAsk } from "../terminal/interactive.ts";
import { paint } from "../terminal/paint.ts";

interface Options {
  readonly engines?: string;
  readonly persist: string;
  readonly out: string;
  readonly project?: string;
  readonly registry: string;
  readonly tag: string;
  readonly bind: string;
  readonly port?: EnginePorts;
  readonly force?: true;
  readonly json?: true;
}

/** Where state may live; only the volume is built so far. */
const persistModes: Readonly<Record<string, { readonly built: boolean }>> = {
  disabled: { built: true },
  serverless: { built: false },
  container: { built: false },
};

/** `weftkit compose` */
export function composeCommand(): Command {
  return new Command("compose")
    .description(
      "write a docker-compose.yml with its secrets, .env and README; asks for what flags leave open",
    )
    .option("--engines <list>", "engines, each with a count: inmemory or inmemory:2")
    .addOption(
      new Option("--persist <mode>", "where state lives: disabled is the containers' volumes")
        .choices(Object.keys(persistModes))
        .default("disabled"),
    )
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
      "\nWhat exists is kept: secrets always, edited files unless --force is given.\n\nExample:\n  weftkit compose --engines inmemory --out deploy && docker compose --project-directory deploy up -d --wait",
    )
    .action(compose);
}

async function compose(options: Options): Promise<void> {
  if (!persistModes[options.persist]!.built) {
    throw new Failure(
      "usage",
      `--persist ${options.persist} is not built yet`,
      "Use --persist disabled: state lives in the containers' volumes.",
    );
  }
  if (isIP(options.bind) === 0) throw new Failure("usage", `--bind ${options.bind} is not an IP address`);
  const out = resolve(options.out);
  const deployment = planDeployment({
    name: projectName(options.project, out),
    engines: await chooseEngines(options),
    registry: options.registry,
    tag: options.tag,
    bind: options.bind,
    ports: options.port ?? new Map(),
  });
  const files = composeFiles(deployment).map((file) => planFile(out, file));
  if (!options.json) for (const file of files) if (isDifferent(file)) showDiff(process.stdout, file);
  await agreeToOverwrite(files, options.force);
  for (const file of files) if (file.change !== "unchanged") writeFile(out, file);
  const secrets = deployment.secrets.map(({ name }) => {
    const path = join("secrets", name);
    return { path, change: keepSecret(join(out, path)) };
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
  if (canAsk()) return askForChoices();
  throw new Failure(
    "usage",
    "--engines is missing, and there is no terminal to ask on",
    "For example --engines inmemory.",
  );
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
  for (const service of deployment.services) {
    print(`${paint(process.stdout, "bold", service.name.padEnd(12))}${fromHost(service)}`);
  }
  print(`\nStart it: ${folder === "." ? "" : `cd ${folder} && `}docker compose up -d --wait`);
}

function printJson(deployment: Deployment, out: string, files: readonly Written[]): void {
  const services = deployment.services.map(({ name, engine, port, secrets }) => ({
    name,
    engine,
    host: port.address,
    port: port.host,
    passwordFiles: secrets.map((secret) => join(out, "secrets", secret.name)),
  }));
  process.stdout.write(`${JSON.stringify({ project: deployment.name, out, files, services }, null, 2)}\n`);
}
