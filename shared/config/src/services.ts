import { discovery } from "../../../images/discovery/src/description.ts";
import { gateway } from "../../../images/gateway/src/description.ts";
import { playground } from "../../../images/playground/src/description.ts";
import { pool } from "../../../images/pool/src/description.ts";
import { persistence } from "../../../persistence-sidecar/src/description.ts";
import type { ServiceDescription } from "./service-description.ts";

/**
 * The list of services: the one place beside its own folder that adding a service touches. The order is that of every
 * list and table. A service's description imports nothing but `@weftkit/config/service-description`.
 */
export const services = {
  gateway,
  pool,
  discovery,
  playground,
  persistence,
} satisfies Record<string, ServiceDescription>;

/** The name of a service, of its section in weftkit.toml and of its image. */
export type ServiceName = keyof typeof services;

/** Every service, in the order in which they are documented. */
export const serviceNames = Object.keys(services) as readonly ServiceName[];
