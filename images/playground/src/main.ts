import { join } from "node:path";
import { runService } from "@weftkit/host";
import { weftkitVersion } from "./identity.ts";
import { Playground } from "./playground.ts";

await runService({
  name: "playground",
  version: weftkitVersion,
  authenticates: true,
  create: () => new Playground(join(import.meta.dirname, "page")),
});
