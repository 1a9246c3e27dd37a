import { runImage } from "@weftkit/host";
import { RelationalEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "relational", version: weftkitVersion, create: () => new RelationalEngine() });
