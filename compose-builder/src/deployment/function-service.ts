import { healthCheck, processesMax, stopGraceSeconds, user } from "./hardening.ts";
import type { Service } from "./model.ts";
import { keyId, mountOf, persistSecret } from "./persistence.ts";

/** The Node function's name on the network. */
export const functionName = "persist";
/** The port that it listens on. */
export const functionPort = 8787;
/** As the engines of the same project reach it. */
export const functionUrl = `http://${functionName}:${functionPort}`;

/** Four engines with four parts of 4 MiB under way each, node, and room. */
const memoryBytes = 256 * 1024 ** 2;

/** The WKP-1 function for Node as a service of the project, with a folder on its own volume as its store. */
export function functionService(image: {
  readonly registry: string;
  readonly tag: string;
  /** The port of this machine where `weftkit persist` reaches it. */
  readonly hostPort: number;
}): Service {
  const secret = mountOf(persistSecret);
  return {
    name: functionName,
    image: { registry: image.registry, name: "node-s3", tag: image.tag },
    environment: {
      WKP_BIND: "0.0.0.0",
      WKP_PORT: String(functionPort),
      WKP_STORE: "file:///data",
      WKP_SECRET_FILE: secret.path,
      WKP_KEY_ID: keyId,
    },
    // For this machine's own tools, whatever address the engines are published on.
    port: { container: functionPort, host: image.hostPort, address: "127.0.0.1" },
    volume: { name: `${functionName}-data`, path: "/data" },
    secrets: [secret],
    health: healthCheck,
    dependsOn: [],
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: user,
  };
}
