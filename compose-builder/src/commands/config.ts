import {
  engineNames,
  jsonSchema,
  loadConfig,
  type ProgramName,
  printConfig,
  serviceNames,
} from "@weftkit/config";
import { checkConfig } from "@weftkit/host";
import { Command, Option } from "commander";

interface Options {
  readonly config?: string;
  readonly image?: ProgramName;
}

/** `weftkit config check|print|schema` */
export function configCommand(): Command {
  const load = ({ config, image }: Options) =>
    loadConfig({ env: process.env, file: config, ...(image !== undefined && { image }) });
  const command = new Command("config").description("check and show weftkit.toml and the WEFTKIT_ variables");
  reading(command.command("check"))
    .description(
      "report every mistake at once, as an image would at its start; with --image all that this image would",
    )
    .action(async (options: Options) => {
      const { config, file } = load(options);
      await checkConfig(config, options.image, process.env);
      process.stdout.write(`The configuration is valid (${file ?? "no file; defaults and variables"}).\n`);
    });
  reading(command.command("print"))
    .description("print the configuration as it takes effect, and who set what; secrets stay hidden")
    .action((options: Options) => {
      process.stdout.write(printConfig(load(options)));
    });
  command
    .command("schema")
    .description("print the JSON Schema of weftkit.toml, for editors")
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
  return command;
}

function reading(command: Command): Command {
  return command
    .option("--config <file>", "the file to read (default: WEFTKIT_CONFIG, else ./weftkit.toml)")
    .addOption(
      new Option("--image <name>", "read it as this image does; gives WEFTKIT_PORT its meaning").choices([
        ...engineNames,
        ...serviceNames,
      ]),
    );
}
