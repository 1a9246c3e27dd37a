import { basename, join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { type PersistOptions, persistChoice } from "../compose/persist-choice.ts";
import { frontNames } from "../deployment/front.ts";
import { podInstances } from "../deployment/instances.ts";
import type { Deployment } from "../deployment/model.ts";
import { type PersistChoice, planDeployment } from "../deployment/plan.ts";
import { printWritten, shortest, type Written, writeAll } from "../files/write-all.ts";
import { readRegistry, readTag } from "../image-options.ts";
import { secretsFolder } from "../kubernetes/base.ts";
import { type ClusterChoices, persistMode, type StateMode, stateModes } from "../kubernetes/choices.ts";
import { kubernetesFiles } from "../kubernetes/files.ts";
import { refuseImmutableChanges } from "../kubernetes/immutable.ts";
import { workloadsOf } from "../kubernetes/workload.ts";
import { parseServiceList } from "../service-list.ts";
import { Failure } from "../terminal/failure.ts";
import { chooseEngines } from "./engine-choice.ts";
import type { ProjectOptions } from "./project-options.ts";

interface Options extends ProjectOptions, Omit<PersistOptions, "persist" | "persistPort"> {
  readonly persist: StateMode;
  readonly volumeSize?: string;
  readonly storageClass?: string;
  readonly secret?: string;
  readonly pullSecret?: string;
  readonly serviceMonitor?: string | true;
}

const defaultVolumeSize = "10Gi";
/** The namespace where most clusters have it. */
const prometheusNamespace = "monitoring";

/** `weftkit k8s` */
export function k8sCommand(): Command {
  return new Command("k8s")
    .description("write Kubernetes objects as plain YAML with a kustomize base, and their secrets")
    .option("--engines <list>", "engines, each with a count: inmemory or inmemory:2")
    .option("--with <list>", `what stands before them: ${frontNames.join(", ")}`)
    .addOption(
      new Option(
        "--persist <mode>",
        "where state lives: volume is a volume for each pod, serverless pushes it to a function and needs none, container pushes it to the persistence sidecar too, none loses it with the pod",
      )
        .choices(stateModes)
        .default("volume"),
    )
    .option("--persist-url <url>", "the function's or the sidecar's URL, as pods reach it")
    .option("--persist-function", "run the Node function in the namespace, with a volume of its own")
    .option("--persist-schedule <cron>", "when to push (default: every 15 minutes, and at the end always)")
    .option(
      "--persist-namespace <name>",
      "the first part of the states' places (default: the project's name)",
    )
    .option("--persist-encrypt", "encrypt everything before it leaves, with a generated key")
    .option(
      "--volume-size <size>",
      `the size of each volume; serverless engines get one with it only (default: ${defaultVolumeSize})`,
      readQuantity,
    )
    .option("--storage-class <name>", "the volumes' class (default: the cluster's)", readName)
    .option(
      "--secret <name>",
      "use the passwords and keys of a Secret that is there, and generate none",
      readName,
    )
    .option("--pull-secret <name>", "the Secret with the registry's credentials", readName)
    .option(
      "--service-monitor [namespace]",
      `tell a Prometheus operator where metrics are; the namespace is Prometheus' (default: ${prometheusNamespace})`,
    )
    .option("--out <dir>", "the folder to write to", ".")
    .option("--project <name>", "the project's name, and its namespace's (default: the folder's)")
    .option("--registry <prefix>", "where images come from", readRegistry, "weftkit")
    .option("--tag <version>", "the images' version", readTag, manifest.version)
    .option("--force", "overwrite files even if they were edited")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      `
What exists is kept: secrets always, edited files unless --force is given.

Examples:
  weftkit k8s --engines relational --out deploy && kubectl apply -f deploy/namespace.yaml && kubectl apply -k deploy/base
  weftkit k8s --engines relational,inmemory:2 --with gateway,pool,playground --service-monitor
  weftkit k8s --engines document --persist serverless --persist-url https://state.example.com --secret shop-secrets
  weftkit k8s --engines document --persist container --volume-size 50Gi --storage-class fast`,
    )
    .action(k8s);
}

async function k8s(options: Options): Promise<void> {
  const out = resolve(options.out);
  const project = projectName(options.project, out);
  const cluster = clusterChoices(options);
  const engines = await chooseEngines(options.engines, "k8s");
  const deployment = planDeployment({
    name: project,
    engines,
    registry: options.registry,
    tag: options.tag,
    // Nothing is published: pods have addresses of their own.
    bind: "0.0.0.0",
    ports: new Map(),
    front: parseServiceList(options.with, engines),
    persist: persistOf(options, project),
    instances: podInstances,
  });
  const secrets = cluster.existingSecret === undefined ? deployment.secrets : [];
  const files = kubernetesFiles(deployment, cluster, manifest.version);
  if (!options.force) refuseImmutableChanges(out, files);
  const written = await writeAll(out, files, { folder: secretsFolder, list: secrets }, options);
  if (options.json) printJson(deployment, cluster, out, written);
  else printSummary(deployment, cluster, out, written);
}

function persistOf({ persist, ...rest }: Options, project: string): PersistChoice {
  return persistChoice({ ...rest, persist: persistMode(persist) }, project);
}

/** @throws Failure for flags that would do nothing */
function clusterChoices(options: Options): ClusterChoices {
  const { persist, volumeSize, storageClass, serviceMonitor, persistFunction } = options;
  const hasStore = persist === "container" || persistFunction === true;
  const hasVolumes = persist === "volume" || persist === "container" || volumeSize !== undefined;
  if (persist === "none" && (volumeSize ?? storageClass) !== undefined) {
    throw new Failure("usage", "--persist none has no volumes", "Write --persist volume.");
  }
  if (storageClass !== undefined && !hasVolumes && !hasStore) {
    throw new Failure("usage", "--storage-class is for volumes, and there are none", "Add --volume-size.");
  }
  const claim = { size: volumeSize ?? defaultVolumeSize, storageClass };
  return {
    engineVolumes: hasVolumes ? claim : undefined,
    storeVolume: claim,
    existingSecret: options.secret,
    pullSecret: options.pullSecret,
    monitoredFrom: serviceMonitor === true ? prometheusNamespace : serviceMonitor,
  };
}

/** The namespace's name too, so it must be one for Kubernetes; a folder's name is made to fit. */
function projectName(given: string | undefined, out: string): string {
  const pattern = /^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/;
  const name =
    given ??
    basename(out)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
  if (pattern.test(name)) return name;
  if (given === undefined) return "weftkit";
  throw new Failure(
    "usage",
    `--project "${given}" must be at most 50 lower-case letters, digits and "-", and neither begin nor end with "-"`,
  );
}

function readQuantity(text: string): string {
  if (!/^[1-9]\d*(Mi|Gi|Ti|M|G|T)$/.test(text))
    throw new InvalidArgumentError("A size is 10Gi, for example.");
  return text;
}

function readName(text: string): string {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('Lower-case letters, digits, "-" and ".".');
  return text;
}

function printSummary(
  deployment: Deployment,
  cluster: ClusterChoices,
  out: string,
  written: readonly Written[],
): void {
  const folder = shortest(out);
  printWritten(out, written);
  const { persistence, secrets, name } = deployment;
  const lines = [""];
  if (persistence.mode !== "disabled") {
    lines.push(`State is pushed to ${persistence.url}; README.md says what survives what.`, "");
  }
  if (cluster.existingSecret !== undefined) {
    const keys = secrets.map((secret) => secret.name).join(", ");
    lines.push(`The Secret ${cluster.existingSecret} of the namespace ${name} must have: ${keys}`, "");
  }
  lines.push(
    `Start it: kubectl apply -f ${join(folder, "namespace.yaml")} && kubectl apply -k ${join(folder, "base")}`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

function printJson(
  deployment: Deployment,
  cluster: ClusterChoices,
  out: string,
  files: readonly Written[],
): void {
  const workloads = workloadsOf(deployment, cluster).map(
    ({ name, kind, replicas, instanceNames, service }) => ({
      name,
      kind,
      replicas,
      services: instanceNames,
      ports: service.ports.map(({ container }) => container),
    }),
  );
  const { name: project, persistence } = deployment;
  process.stdout.write(`${JSON.stringify({ project, out, files, workloads, persistence }, null, 2)}\n`);
}
