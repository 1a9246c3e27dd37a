import { runImage } from "@weftkit/host";
import { FilestoreEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "filestore", version: weftkitVersion, create: () => new FilestoreEngine() });
