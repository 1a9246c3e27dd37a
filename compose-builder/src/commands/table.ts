import type { Command } from "commander";
import { aofCommand } from "./aof.ts";
import { composeCommand } from "./compose.ts";
import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor.ts";
import { persistCommand } from "./persist.ts";
import { upCommand } from "./up.ts";

/** Makes one command; `exit` sets the exit code of a run that ends without an error. */
export type DefineCommand = (exit: (code: number) => void) => Command;

/** Every command, in the order of the help. A command is a file of this folder, named after it, and a line here. */
export const commands: readonly DefineCommand[] = [
  composeCommand,
  upCommand,
  persistCommand,
  configCommand,
  doctorCommand,
  aofCommand,
];
