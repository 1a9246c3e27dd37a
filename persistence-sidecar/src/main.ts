import { runService } from "@weftkit/host";
import { weftkitVersion } from "./identity.ts";
import { Sidecar } from "./sidecar.ts";

await runService({
  name: "persistence",
  version: weftkitVersion,
  authenticates: false,
  create: () => new Sidecar(process.env),
});
