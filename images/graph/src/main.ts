import { runImage } from "@weftkit/host";
import { GraphEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "graph", version: weftkitVersion, create: () => new GraphEngine() });
