import { Command } from "commander";
import { conflictsCommand } from "./sync/conflicts.ts";
import { resolveCommand } from "./sync/resolve.ts";
import { syncStatusCommand } from "./sync/status.ts";

/** `weftkit sync status|conflicts|resolve` */
export function syncCommand(): Command {
  const command = new Command("sync")
    .description("look at a sidecar that keeps two databases equal, and settle conflicts")
    .addHelpText(
      "after",
      `
Examples:
  weftkit sync status --admin http://persistence:9464 --admin-token-file secrets/admin
  weftkit sync conflicts
  weftkit sync resolve 7 --with loser`,
    );
  for (const define of [syncStatusCommand, conflictsCommand, resolveCommand]) command.addCommand(define());
  return command;
}
