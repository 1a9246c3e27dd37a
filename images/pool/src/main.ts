import { runService } from "@weftkit/host";
import { weftkitVersion } from "./identity.ts";
import { Pool } from "./pool.ts";

await runService({ name: "pool", version: weftkitVersion, authenticates: false, create: () => new Pool() });
