import { runService } from "@weftkit/host";
import { Gateway } from "./gateway.ts";
import { weftkitVersion } from "./identity.ts";

await runService({
  name: "gateway",
  version: weftkitVersion,
  authenticates: false,
  create: () => new Gateway(),
});
