import { adminPort } from "../deployment/hardening.ts";
import type { FrontService, Service } from "../deployment/model.ts";
import { builtEngines, type EngineName } from "../images.ts";

/** A port of a pod. Kubernetes allows 15 characters for its name. */
export interface NamedPort {
  readonly name: string;
  readonly port: number;
  /** What service meshes are told: they guess otherwise, and wait for bytes that a server that speaks first must send. */
  readonly appProtocol: "http" | "tcp";
}

/** Where clients connect. */
export function clientPorts(service: Service): readonly NamedPort[] {
  if (isFront(service)) {
    return service.entrances.map(({ engine, port }) => ({
      name: engine ?? "http",
      port: port.container,
      appProtocol: engine === undefined ? "http" : protocolOf(engine),
    }));
  }
  const isHttp = !("engine" in service) || protocolOf(service.engine as EngineName) === "http";
  return service.ports.map(({ container }, index) => ({
    name: index === 0 ? "data" : `data-${index}`,
    port: container,
    appProtocol: isHttp ? "http" : "tcp",
  }));
}

/** Where health is asked for, and metrics are; undefined when a client port answers for health as well. */
export function adminPortOf({ health }: Service): NamedPort | undefined {
  return health.port === adminPort ? { name: "admin", port: adminPort, appProtocol: "http" } : undefined;
}

/** All of them. */
export function podPorts(service: Service): readonly NamedPort[] {
  const admin = adminPortOf(service);
  return admin === undefined ? clientPorts(service) : [...clientPorts(service), admin];
}

/** The name of the port that answers for health. */
export function healthPortName(service: Service): string {
  return podPorts(service).find(({ port }) => port === service.health.port)!.name;
}

function isFront(service: Service): service is FrontService {
  return "entrances" in service;
}

/** gRPC is HTTP/2, which a mesh takes for a TCP stream without harm. */
function protocolOf(engine: EngineName): NamedPort["appProtocol"] {
  return engine !== "vector" && builtEngines[engine].connection.schemes[0] === "http" ? "http" : "tcp";
}
