import { runService } from "@weftkit/host";
import { Discovery } from "./discovery.ts";
import { weftkitVersion } from "./identity.ts";

await runService({
  name: "discovery",
  version: weftkitVersion,
  authenticates: true,
  create: () => new Discovery(),
});
