import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBytes } from "@weftkit/core";
import { parse } from "yaml";
import type { Deployment, Service } from "../deployment/model.ts";
import { servicesOf } from "../deployment/model.ts";
import { unseal } from "../files/seal.ts";
import { Failure } from "../terminal/failure.ts";
import { imageVariable, renderImage } from "./render.ts";
import { type ComposeSurroundings, monitorName } from "./surroundings.ts";

/** What a folder has of an earlier run. */
export interface PresentProject {
  readonly services: readonly string[];
  /** Whether states are pushed out of the containers. */
  readonly isPersisted: boolean;
  /** The lines of `.env`. */
  readonly environment: readonly string[];
  readonly surroundings: ComposeSurroundings;
  /** The limits of its services, bytes. */
  readonly memory: ReadonlyMap<string, number>;
}

/** A folder in which there is nothing yet. */
export const noProject: PresentProject = {
  services: [],
  isPersisted: false,
  environment: [],
  surroundings: { isMonitored: false },
  memory: new Map(),
};

/** Reads the compose file and `.env` of a folder, as far as they are there. */
export function readProject(out: string): PresentProject {
  const file = readComposeFile(join(out, "docker-compose.yml"));
  const { services = {} } = file ?? {};
  return {
    services: Object.keys(services).filter((name) => name !== monitorName),
    surroundings: {
      network: file?.networks?.default?.external === true ? file.networks.default.name : undefined,
      dataFolder: dataFolderOf(services),
      isMonitored: Object.hasOwn(services, monitorName),
    },
    memory: new Map(
      Object.entries(services).flatMap(([name, service]) => {
        const bytes = parseBytes(service?.mem_limit ?? "");
        return bytes === undefined ? [] : [[name, bytes]];
      }),
    ),
    isPersisted: Object.values(services).some((service) => {
      const mode = service?.environment?.WEFTKIT_PERSIST_MODE;
      return mode !== undefined && mode !== "disabled";
    }),
    environment: readLines(join(out, ".env")),
  };
}

interface ComposeService {
  readonly environment?: Record<string, unknown>;
  readonly volumes?: readonly unknown[];
  readonly mem_limit?: string;
}

interface ComposeFile {
  readonly services?: Record<string, ComposeService | undefined>;
  readonly networks?: { readonly default?: { readonly name?: string; readonly external?: boolean } };
}

/** The folder that the services' state is in, each in one of its name; undefined where they have volumes. */
function dataFolderOf(services: NonNullable<ComposeFile["services"]>): string | undefined {
  for (const [name, service] of Object.entries(services)) {
    const suffix = `/${name}:/data`;
    const mount = service?.volumes?.find((volume) => typeof volume === "string" && volume.endsWith(suffix));
    if (mount !== undefined) return (mount as string).slice(0, -suffix.length);
  }
  return undefined;
}

function readComposeFile(file: string): ComposeFile | undefined {
  try {
    return (parse(readFileSync(file, "utf8"), { merge: true }) as ComposeFile | null) ?? undefined;
  } catch {
    // Missing, or edited into something that is no YAML: then the difference is shown, and --force is asked for.
    return undefined;
  }
}

function readLines(file: string): string[] {
  if (!existsSync(file)) return [];
  return unseal(readFileSync(file, "utf8"))
    .split("\n")
    .filter((line) => line !== "");
}

/** What another run would take away: services, and the place where states are safe from the loss of a volume. */
export function dropped(present: PresentProject, deployment: Deployment): readonly string[] {
  const wanted = new Set(servicesOf(deployment).map(({ name }) => name));
  const services = present.services.filter((name) => !wanted.has(name));
  const isSwitchedOff = present.isPersisted && deployment.persistence.mode === "disabled";
  return isSwitchedOff ? [...services, "persistence outside of the volumes"] : services;
}

/**
 * `.env`: one variable per image, so that each can be moved to another version or registry by itself. What is there stays, unless
 * the user says another version now; lines of theirs stay as well.
 */
export function renderEnvironmentFile(
  deployment: Deployment,
  present: readonly string[],
  isAskedFor: boolean,
): string {
  const images = new Map(
    servicesOf(deployment).map(({ image }) => [imageVariable(image), renderImage(image)]),
  );
  const kept = present.flatMap((line) => {
    const [, name] = /^(\w+_IMAGE)=/.exec(line) ?? [];
    if (name === undefined) return [line];
    const wanted = images.get(name);
    images.delete(name);
    // The variable of a service that is gone.
    if (wanted === undefined) return [];
    return [isAskedFor ? `${name}=${wanted}` : line];
  });
  const added = [...images].map(([name, image]) => `${name}=${image}`);
  return `${[...kept, ...added].join("\n")}\n`;
}

/** @throws Failure when two services are published on one port of the same address */
export function refusePortClashes(services: readonly Service[]): void {
  const published = services.flatMap(({ name, ports }) =>
    ports.map(({ host, address }) => ({ name, host, address })),
  );
  for (const [index, { name, host, address }] of published.entries()) {
    const other = published
      .slice(0, index)
      .find((one) => one.host === host && (one.address === address || isAny(one.address) || isAny(address)));
    if (other === undefined) continue;
    const moved = other.name === name ? name : `${other.name} or ${name}`;
    throw new Failure(
      "usage",
      `${other.name} and ${name} would both be published on port ${host}`,
      `Move ${moved} with --port ENGINE=PORT, or what keeps the states with --persist-port.`,
    );
  }
}

function isAny(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
