import { confirm, intro, multiselect, select, text } from "@clack/prompts";
import { parseEngineList, type WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import { answered } from "../terminal/interactive.ts";
import { type PersistOptions, reachableUrl } from "./persist-choice.ts";

/** Asks which engines, and how many of each. */
export async function askForEngines(command: string): Promise<WantedEngine[]> {
  intro(`weftkit ${command}`);
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
        validate: (answer) => problemOf(() => parseEngineList(`${engine}:${answer ?? ""}`)),
      }),
    );
    wanted.push(...parseEngineList(`${engine}:${count}`));
  }
  return wanted;
}

/** Asks where state is to live; what flags say already is not asked again. */
export async function askForPersistence(given: PersistOptions): Promise<PersistOptions> {
  const place = answered(
    await select({
      message: "Where does state live, beside the containers' volumes?",
      options: [
        ...(given.persist === undefined
          ? [{ value: "disabled" as const, label: "nowhere", hint: "lost with the volumes" }]
          : []),
        {
          value: "function" as const,
          label: "in a volume, by the Node function",
          hint: "part of this project",
        },
        { value: "url" as const, label: "behind a function of mine", hint: "survives everything here" },
      ],
    }),
  );
  if (place === "disabled") return { persist: "disabled" };
  const endpoint: PersistOptions =
    place === "function"
      ? { persistFunction: true }
      : {
          persistUrl: answered(
            await text({
              message: "Its URL, as containers reach it?",
              placeholder: "https://state.example.com",
              validate: (answer) => problemOf(() => reachableUrl(answer ?? "")),
            }),
          ),
        };
  const persistEncrypt =
    given.persistEncrypt ??
    answered(
      await confirm({ message: "Encrypt it before it leaves, with a generated key?", initialValue: false }),
    );
  return { persist: "serverless", ...endpoint, ...(persistEncrypt && { persistEncrypt }) };
}

/** What a check says against an answer. */
function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
