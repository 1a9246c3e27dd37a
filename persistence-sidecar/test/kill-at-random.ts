import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** WEFTKIT_KILL_ROUNDS=200 for a longer search. */
export const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);
/** The others take fewer, so that all of them end in time. */
export const fewerRounds = Math.ceil(rounds / 4);

/** A part that is killed, and comes back with what is on its disk. */
export interface Part {
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A program that believes it is an hour later. */
const shifted = `const Real = Date, ms = () => Real.now() + 3600000;
globalThis.Date = class extends Real {
  constructor(...given) { super(...(given.length === 0 ? [ms()] : given)); }
  static now() { return ms(); }
};`;
export const anHourAhead = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}` };

/** Kills parts at random moments, mostly the first, and starts them again. */
export async function killAtRandom(parts: readonly Part[], rounds: number): Promise<void> {
  const [remote] = parts as readonly [Part, ...Part[]];
  for (let round = 0; round < rounds; round++) {
    // Each round another one is away for longer: mostly the remote, so that both sites are offline.
    const first = round % 2 === 0 ? remote : parts[randomInt(parts.length)]!;
    const others = parts.filter((part) => part !== first && randomInt(3) === 0);
    await first.kill();
    await delay(randomInt(300));
    await Promise.all(
      others.map(async (part) => {
        await delay(randomInt(200));
        await part.kill();
        await part.start();
      }),
    );
    await first.start();
    await delay(randomInt(500));
  }
}
