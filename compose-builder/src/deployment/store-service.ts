import { services } from "@weftkit/config";
import { functionHealthCheck, healthCheck, processesMax, stopGraceSeconds, user } from "./hardening.ts";
import type { HealthCheck, Service } from "./model.ts";
import { keyId, mountOf, persistSecret } from "./persistence.ts";

/** What keeps engines' states in the project itself: the Node function, or the persistence sidecar. */
export type StoreKind = "function" | "sidecar";

interface StoreService {
  /** Its name on the network. */
  readonly name: string;
  readonly image: string;
  /** The port that it listens on. */
  readonly port: number;
  readonly health: HealthCheck;
  /** Four engines with four parts of 4 MiB under way each, node, and room. */
  readonly memoryBytes: number;
  environment(secretFile: string): Readonly<Record<string, string>>;
}

export const storeServices: Readonly<Record<StoreKind, StoreService>> = {
  function: {
    name: "persist",
    image: "node-s3",
    port: 8787,
    health: { ...functionHealthCheck, port: 8787 },
    memoryBytes: 256 * 1024 ** 2,
    environment: (secretFile) => ({
      WKP_BIND: "0.0.0.0",
      WKP_PORT: "8787",
      WKP_STORE: "file:///data",
      WKP_SECRET_FILE: secretFile,
      WKP_KEY_ID: keyId,
    }),
  },
  sidecar: {
    name: "persistence",
    image: "persistence",
    port: services.persistence.port,
    health: healthCheck,
    memoryBytes: services.persistence.memoryBytes,
    environment: (secretFile) => ({
      WEFTKIT_PERSISTENCE_SECRET_FILE: secretFile,
      WEFTKIT_PERSISTENCE_KEY_ID: keyId,
    }),
  },
};

/** As the engines of the same project reach it. */
export function storeUrl(kind: StoreKind): string {
  const { name, port } = storeServices[kind];
  return `http://${name}:${port}`;
}

/** It as a service of the project, with a folder on its own volume as its store. */
export function storeService(
  kind: StoreKind,
  where: {
    readonly registry: string;
    readonly tag: string;
    /** The port of this machine where `weftkit persist` reaches it. */
    readonly hostPort: number;
  },
): Service {
  const { name, image, port, health, memoryBytes, environment } = storeServices[kind];
  const secret = mountOf(persistSecret);
  return {
    name,
    image: { registry: where.registry, name: image, tag: where.tag },
    environment: environment(secret.path),
    // For this machine's own tools, whatever address the engines are published on.
    ports: [{ container: port, host: where.hostPort, address: "127.0.0.1" }],
    volume: { name: `${name}-data`, path: "/data" },
    secrets: [secret],
    health,
    dependsOn: [],
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: user,
  };
}
