import type { Command } from "commander";
import { aofCommand } from "./aof.ts";
import { composeCommand } from "./compose.ts";
import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { k8sCommand } from "./k8s.ts";
import { persistCommand } from "./persist.ts";
import { snapshotCommand } from "./snapshot.ts";
import { syncCommand } from "./sync.ts";
import { upCommand } from "./up.ts";

/** Makes one command; `exit` sets the exit code of a run that ends without an error. */
export type DefineCommand = (exit: (code: number) => void) => Command;

/** Every command, in the order of the help. A command is a file of this folder, named after it, and a line here. */
export const commands: readonly DefineCommand[] = [
  composeCommand,
  k8sCommand,
  upCommand,
  persistCommand,
  snapshotCommand,
  syncCommand,
  importCommand,
  exportCommand,
  configCommand,
  doctorCommand,
  aofCommand,
];
