import { Command } from "commander";
import { checks, type Finding } from "../doctor/checks.ts";
import { exitCodes } from "../exit-codes.ts";
import { paint } from "../terminal/paint.ts";

interface Options {
  readonly dataDir: string;
  readonly json?: true;
}

const marks = { ok: ["green", "ok  "], warning: ["yellow", "warn"], failed: ["red", "fail"] } as const;

/** `weftkit doctor` */
export function doctorCommand(exit: (code: number) => void): Command {
  return new Command("doctor")
    .description("check what WeftKit needs of this machine: versions, ports, folders, memory")
    .option("--data-dir <dir>", "the folder that `weftkit up` would use", ".weftkit")
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      "\nWarnings name what only some commands need; the exit code is 1 when a check fails.",
    )
    .action(async ({ dataDir, json }: Options) => {
      const findings = (await Promise.all(checks.map((check) => check({ dataDir })))).flat();
      if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else for (const finding of findings) print(finding);
      if (findings.some(({ state }) => state === "failed")) exit(exitCodes.failed.code);
    });
}

function print({ check, state, found, hint }: Finding): void {
  const [style, mark] = marks[state];
  process.stdout.write(`${paint(process.stdout, style, mark)}  ${check.padEnd(16)}${found}\n`);
  if (hint !== undefined) process.stdout.write(`${" ".repeat(22)}${paint(process.stdout, "dim", hint)}\n`);
}
