import { closeSync, constants, copyFileSync, fsyncSync, ftruncateSync, openSync, statSync } from "node:fs";
import { CorruptLog, readLog } from "@weftkit/inmemory/log";
import { Command } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../terminal/failure.ts";

/** What a look at a log file found. */
interface Finding {
  readonly commands: number;
  /** Bytes that hold whole, verified writes. */
  readonly goodBytes: number;
  readonly fileBytes: number;
  /** Why reading ended before the end of the file. */
  readonly damage: string | undefined;
}

/** `weftkit aof check|repair` */
export function aofCommand(exit: (code: number) => void): Command {
  const command = new Command("aof").description("check and repair append-only files of the inmemory engine");
  command
    .command("check")
    .description("read a file and report the first damage; changes nothing")
    .argument("<file>", "an .aof file of the data folder's appendonlydir")
    .action((file: string) => {
      const finding = inspect(file);
      process.stdout.write(`${describe(file, finding)}\n`);
      if (finding.goodBytes < finding.fileBytes) exit(exitCodes.failed.code);
    });
  command
    .command("repair")
    .description("cut a file at the first damage; the original is kept beside it")
    .argument("<file>", "an .aof file of the data folder's appendonlydir; stop the engine first")
    .action((file: string) => {
      const finding = inspect(file);
      process.stdout.write(`${describe(file, finding)}\n`);
      if (finding.goodBytes === finding.fileBytes) return;
      const copy = `${file}.damaged`;
      try {
        copyFileSync(file, copy, constants.COPYFILE_EXCL);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        throw new Failure(
          "failed",
          `${copy} exists already, from an earlier repair`,
          "Move it away and try again.",
        );
      }
      cut(file, finding.goodBytes);
      process.stdout.write(`Cut to ${finding.goodBytes} bytes; the original is ${copy}.\n`);
    });
  return command;
}

function inspect(file: string): Finding {
  const fileBytes = statSync(file).size;
  let commands = 0;
  try {
    const { goodBytes } = readLog(file, () => commands++);
    const damage =
      goodBytes < fileBytes ? "the file ends in the middle of a write, as after a crash" : undefined;
    return { commands, goodBytes, fileBytes, damage };
  } catch (error) {
    if (!(error instanceof CorruptLog)) throw error;
    return { commands, goodBytes: error.goodBytes, fileBytes, damage: error.what };
  }
}

function describe(file: string, { commands, goodBytes, fileBytes, damage }: Finding): string {
  if (damage === undefined) return `${file}: ${commands} commands in ${fileBytes} bytes, no damage`;
  return `${file}: damaged after ${goodBytes} of ${fileBytes} bytes: ${damage}. ${fileBytes - goodBytes} bytes cannot be used.`;
}

function cut(file: string, bytes: number): void {
  const handle = openSync(file, "r+");
  try {
    ftruncateSync(handle, bytes);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
