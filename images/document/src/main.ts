import { runImage } from "@weftkit/host";
import { DocumentEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "document", version: weftkitVersion, create: () => new DocumentEngine() });
