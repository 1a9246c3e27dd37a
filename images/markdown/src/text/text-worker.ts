import { serveCalls } from "@weftkit/store/wal";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type TextWork, textWork } from "./text-work.ts";

const names = Object.keys(textWork) as (keyof TextWork)[];

/** The work of a thread for long texts; what is wrong with a text is told as a value. */
const api = Object.fromEntries(
  names.map((name) => [name, (argument: never) => outcomeOf(() => textWork[name](argument))]),
) as unknown as TextWorkerApi;

export type TextWorkerApi = {
  [Name in keyof TextWork]: (argument: Parameters<TextWork[Name]>[0]) => Outcome<ReturnType<TextWork[Name]>>;
};

serveCalls(api, () => {});
