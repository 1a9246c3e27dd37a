// What is deployed, in no orchestrator's words: `weftkit compose` renders it as a compose file, and any other output
// is another renderer of the same object.
import type { EngineName } from "../images.ts";

/** Services that belong together. */
export interface Deployment {
  /** Lower-case letters, digits, "-" and "_". */
  readonly name: string;
  /** What clients connect to. */
  readonly engines: readonly EngineService[];
  /** What engines need beside them. */
  readonly supporting: readonly Service[];
  /** What stands before the engines. */
  readonly front: readonly FrontService[];
  readonly persistence: Persistence;
  /** Every secret that a service mounts. */
  readonly secrets: readonly Secret[];
}

/** Every service, in the order in which they start. */
export function servicesOf({ engines, supporting, front }: Deployment): readonly Service[] {
  return [...supporting, ...engines, ...front];
}

/** One running container. */
export interface Service {
  /** Its name on the network. */
  readonly name: string;
  readonly image: ImageReference;
  readonly environment: Readonly<Record<string, string>>;
  /** The ports that clients outside connect to; the first is the one that is spoken of. */
  readonly ports: readonly [PublishedPort, ...PublishedPort[]];
  /** Where its state is; undefined when it has none. */
  readonly volume: Mount | undefined;
  readonly secrets: readonly SecretMount[];
  readonly health: HealthCheck;
  /** Services that must be healthy before this one starts. */
  readonly dependsOn: readonly string[];
  readonly limits: { readonly memoryBytes: number; readonly processes: number };
  /** From the signal to the kill. */
  readonly stopGraceSeconds: number;
  readonly security: { readonly userId: number; readonly groupId: number };
}

/** One instance of an engine. */
export interface EngineService extends Service {
  readonly engine: EngineName;
  /** Which instance of its engine it is, from 0: its place in the store. */
  readonly ordinal: number;
  /** The password of its user. */
  readonly password: Secret;
}

/** A service before the engines, and how it is reached from outside, by what it leads to. */
export interface FrontService extends Service {
  readonly title: string;
  readonly entrances: readonly Entrance[];
}

/** A port of a service, and which engine's clients connect there; undefined for a browser. */
export interface Entrance {
  readonly engine: EngineName | undefined;
  readonly port: PublishedPort;
}

/** Where state lives beside the engines' volumes. */
export type Persistence =
  | { readonly mode: "disabled" }
  | {
      readonly mode: "serverless" | "container";
      /** As the engines reach it. */
      readonly url: string;
      /** The name of the supporting service that serves it; undefined when it is somewhere else. */
      readonly service: string | undefined;
      /** The first part of every engine's place in the store. */
      readonly namespace: string;
      readonly schedule: string;
      readonly encrypted: boolean;
    };

/** `registry/name:tag` */
export interface ImageReference {
  readonly registry: string;
  readonly name: string;
  readonly tag: string;
}

/** A port of the container, and where it can be reached from outside. */
export interface PublishedPort {
  readonly container: number;
  readonly host: number;
  readonly address: string;
}

/** A volume that outlives the container, and where it is mounted. */
export interface Mount {
  readonly name: string;
  readonly path: string;
}

/** A generated value that is kept in a file. */
export interface Secret {
  readonly name: string;
  /** A password goes into URLs; a key is 32 bytes in hexadecimal. */
  readonly form: "password" | "key";
}

/** A secret as a service reads it. */
export interface SecretMount {
  readonly name: string;
  readonly path: string;
}

/** How one finds out whether a service serves. */
export interface HealthCheck {
  /** The port of the container that answers `/livez` and `/readyz`. */
  readonly port: number;
  /** A command inside the container that succeeds when it is ready. */
  readonly command: readonly string[];
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** While it starts, failures do not count. */
  readonly startSeconds: number;
  readonly retries: number;
}
