import { Link } from "./link.ts";
import { CLIENTS, type Step } from "./workload.ts";

const BATCH_MAX = 100;

/** Lets clients send the steps to one server; only what they leave behind matters. */
export async function sendSteps(port: number, steps: readonly Step[]): Promise<void> {
  const links = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => Link.open(port, index % 2 === 0 ? 2 : 3)),
  );
  for (let from = 0; from < steps.length; ) {
    let to = from + 1;
    const { client } = steps[from]!;
    while (to < steps.length && to - from < BATCH_MAX && steps[to]!.client === client) to++;
    await links[client]!.exchange(steps.slice(from, to).map(({ command }) => command.words));
    from = to;
  }
  for (const link of links) link.close();
}
