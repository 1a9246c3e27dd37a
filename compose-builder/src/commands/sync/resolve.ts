import { Argument, Command, Option } from "commander";
import { askSidecar, type SidecarOptions, withSidecarOptions } from "../../sync/ask-sidecar.ts";

interface Options extends SidecarOptions {
  readonly with: "keep" | "loser" | "retry";
}

const done = {
  keep: "stays as it is.",
  loser: "is closed: the row that had lost is written at both sides, as a new write.",
  retry: "is closed: the row that was refused is tried again.",
} as const;

/** `weftkit sync resolve` */
export function resolveCommand(): Command {
  const command = new Command("resolve")
    .description("close a conflict")
    .addArgument(new Argument("<id>", "which one, as `weftkit sync conflicts` shows it"))
    .addOption(
      new Option(
        "--with <what>",
        "keep what has won; write the row that has lost; or try again what was refused",
      )
        .choices(Object.keys(done))
        .default("keep"),
    );
  return withSidecarOptions(command).action(async (id: string, options: Options) => {
    const query = new URLSearchParams({ id, with: options.with });
    const answer = await askSidecar(options, `/v1/sync/resolve?${query}`, "POST");
    const text = options.json ? JSON.stringify(answer) : `Conflict ${id} ${done[options.with]}`;
    process.stdout.write(`${text}\n`);
  });
}
