import { runImage } from "@weftkit/host";
import { InmemoryEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "inmemory", version: weftkitVersion, create: () => new InmemoryEngine() });
