import { intro, multiselect, text } from "@clack/prompts";
import { parseEngineList, type WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import { answered } from "../terminal/interactive.ts";

/** Asks which engines, and how many of each. */
export async function askForChoices(): Promise<WantedEngine[]> {
  intro("weftkit compose");
  const engines: EngineName[] = answered(
    await multiselect({
      message: "Which engines?",
      options: Object.entries(builtEngines).map(([value, { title }]) => ({
        value: value as EngineName,
        label: value,
        hint: title,
      })),
      required: true,
    }),
  );
  const wanted: WantedEngine[] = [];
  for (const engine of engines) {
    const count = answered(
      await text({
        message: `How many of ${engine}, each with its own data?`,
        initialValue: "1",
        validate: (answer) => problemOf(`${engine}:${answer ?? ""}`),
      }),
    );
    wanted.push(...parseEngineList(`${engine}:${count}`));
  }
  return wanted;
}

function problemOf(wanted: string): string | undefined {
  try {
    parseEngineList(wanted);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
