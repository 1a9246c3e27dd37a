// What is deployed, in no orchestrator's words: `weftkit compose` renders it as a compose file, and any other output
// is another renderer of the same object.
import type { EngineName } from "../images.ts";

/** Services that belong together. */
export interface Deployment {
  /** Lower-case letters, digits, "-" and "_". */
  readonly name: string;
  readonly services: readonly Service[];
  /** Every secret that a service mounts. */
  readonly secrets: readonly Secret[];
}

/** One running container with its own state. */
export interface Service {
  /** Its name on the network. */
  readonly name: string;
  /** What it runs. */
  readonly engine: EngineName;
  readonly image: ImageReference;
  readonly environment: Readonly<Record<string, string>>;
  /** The port that clients outside connect to. */
  readonly port: PublishedPort;
  readonly volume: Mount;
  readonly secrets: readonly SecretMount[];
  readonly health: HealthCheck;
  /** Services that must be healthy before this one starts. */
  readonly dependsOn: readonly string[];
  readonly limits: { readonly memoryBytes: number; readonly processes: number };
  /** From the signal to the kill. */
  readonly stopGraceSeconds: number;
  readonly security: { readonly userId: number; readonly groupId: number };
}

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
}

/** A secret as a service reads it. */
export interface SecretMount {
  readonly name: string;
  readonly path: string;
}

/** A command inside the container that succeeds when the service serves. */
export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** While it starts, failures do not count. */
  readonly startSeconds: number;
  readonly retries: number;
}
