import { Command } from "commander";
import { conformanceCommand } from "./persist/conformance.ts";
import { listCommand } from "./persist/ls.ts";
import { pruneCommand } from "./persist/prune.ts";
import { restoreCommand } from "./persist/restore.ts";
import { statusCommand } from "./persist/status.ts";
import { unparkCommand } from "./persist/unpark.ts";
import { verifyCommand } from "./persist/verify.ts";

/** `weftkit persist status|ls|verify|restore|prune|conformance|unpark` */
export function persistCommand(exit: (code: number) => void): Command {
  const command = new Command("persist")
    .description("look at, check and restore what engines keep behind a WKP-1 endpoint")
    .addHelpText(
      "after",
      `
Which endpoint is told by flags, by the variables that engines have (WEFTKIT_PERSIST_URL, WEFTKIT_PERSIST_SECRET_FILE,
WEFTKIT_PERSIST_NAMESPACE ...), or by [persist] in weftkit.toml. Nothing here takes a lease: engines go on meanwhile.

Examples:
  weftkit persist status --url https://state.example.com --secret-file secrets/persist_secret --engine inmemory
  weftkit persist verify --engine inmemory --all
  weftkit persist restore --engine inmemory --at 2026-02-02T03:04:05Z --to restored/
  weftkit persist conformance https://state.example.com --secret-file secrets/persist_secret`,
    );
  for (const define of [
    statusCommand,
    listCommand,
    verifyCommand,
    restoreCommand,
    pruneCommand,
    conformanceCommand,
    unparkCommand,
  ]) {
    command.addCommand(define(exit));
  }
  return command;
}
