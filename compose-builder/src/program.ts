import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { commands } from "./commands/table.ts";
import { exitCodeHelp, exitCodes } from "./exit-codes.ts";
import { errorLabel, report } from "./terminal/failure.ts";

/** Runs one command line (without node and script); returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok.code;
  const program = new Command("weftkit")
    .description(
      "Database engines behind standard wire protocols: compose files, local processes, configuration.",
    )
    .version(manifest.version, "-v, --version")
    .showHelpAfterError("Run with --help for the options.")
    .addHelpText("after", exitCodeHelp())
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, () => errorLabel())) })
    .exitOverride();
  for (const define of commands) {
    const command = define((code) => {
      exitCode = code;
    });
    inheritSettings(command, program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has told the user already; --help and --version arrive here too, with exit code 0.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    return report(error);
  }
}

/** Commander hands its settings down to commands that it makes itself only. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const subcommand of command.commands) inheritSettings(subcommand, command);
}
