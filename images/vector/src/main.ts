import { runImage } from "@weftkit/host";
import { VectorEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "vector", version: weftkitVersion, create: () => new VectorEngine() });
