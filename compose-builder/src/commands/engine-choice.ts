import { askForEngines } from "../compose/ask.ts";
import { parseEngineList, type WantedEngine } from "../engine-list.ts";
import { Failure } from "../terminal/failure.ts";
import { canAsk } from "../terminal/interactive.ts";

/** The engines that `--engines` names, or that the user names when asked. @throws Failure when there is nobody to ask */
export async function chooseEngines(list: string | undefined, command: string): Promise<WantedEngine[]> {
  if (list !== undefined) return parseEngineList(list);
  if (canAsk()) return askForEngines(command);
  throw new Failure(
    "usage",
    "--engines is missing, and there is no terminal to ask on",
    "For example --engines inmemory.",
  );
}
