import type { OpenAuthenticator } from "@weftkit/auth";
import type { Config, EngineName } from "@weftkit/config";
import type { Logger } from "@weftkit/observe";
import type { DiscoveryLink } from "./discovery-link.ts";
import type { ImageDefinition } from "./engine.ts";
import type { TlsMaterial } from "./tls.ts";

/** Everything that is known before anything is opened. */
export interface ImageParts<Name extends EngineName> {
  readonly definition: ImageDefinition<Name>;
  readonly config: Config;
  readonly log: Logger;
  readonly auth: OpenAuthenticator;
  readonly tls: TlsMaterial | undefined;
  readonly discovery: DiscoveryLink | undefined;
  readonly processMetrics: boolean;
  readonly watchIntervalMs: number | undefined;
}
