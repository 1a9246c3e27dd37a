import { runImage } from "@weftkit/host";
import { KeyValueEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "keyvalue", version: weftkitVersion, create: () => new KeyValueEngine() });
