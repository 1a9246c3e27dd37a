import { expect, test } from "vitest";
import { datagramBytesMax } from "../../src/swim/codec.ts";
import { Simulation } from "./simulation.ts";

const members = Number(process.env.WEFTKIT_SWIM_MEMBERS ?? 1000);
const kills = Number(process.env.WEFTKIT_SWIM_KILLS ?? 3);
const seed = Number(process.env.WEFTKIT_SWIM_SEED ?? 42);

test(`${members} members: each failure is seen by all within 3 s, nobody else fails (seed ${seed})`, () => {
  const simulation = new Simulation({ members, seed, skew: 0.01, isFormed: true });
  simulation.run(2000);
  const down = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    const victim = simulation.members[(kill * 137 + 3) % members]!;
    down.add(victim.name);
    simulation.opinions.length = 0;
    simulation.kill(victim);
    const startMs = simulation.nowMs;
    simulation.run(4000);
    const seen = simulation.opinions.filter(({ of, state }) => of === victim.name && state === "failed");
    expect(new Set(seen.map(({ by }) => by)).size).toBe(members - down.size);
    expect(Math.max(...seen.map(({ atMs }) => atMs)) - startMs).toBeLessThan(3000);
    expect(simulation.opinions.filter(({ of, state }) => !down.has(of) && state === "failed")).toEqual([]);
  }
  expect(simulation.longestDatagram).toBeLessThanOrEqual(datagramBytesMax);
});

test(`${members} members at 10% loss: nobody fails falsely, what each sends stays small (seed ${seed})`, () => {
  const simulation = new Simulation({ members, seed, skew: 0.02, loss: 0.1, isFormed: true });
  simulation.run(2000);
  for (const member of simulation.members) member.sent = 0;
  const seconds = Number(process.env.WEFTKIT_SWIM_SECONDS ?? 6);
  simulation.run(seconds * 1000);
  expect(simulation.opinions.filter(({ state }) => state === "failed")).toEqual([]);
  for (const { sent } of simulation.members) expect(sent / seconds).toBeLessThan(36);
  expect(simulation.longestDatagram).toBeLessThanOrEqual(datagramBytesMax);
});

test(`200 members: halves cut off from each other find together again (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 200, seed, skew: 0.01, isFormed: true });
  simulation.run(2000);
  simulation.partition((index) => index % 2);
  const sees = (present: number) => simulation.members.every(({ swim }) => swim.membership.size === present);
  expect(simulation.runUntil(() => sees(100), 60_000)).toBeLessThan(30_000);
  simulation.partition(() => 0);
  expect(simulation.runUntil(() => sees(200), 300_000)).toBeLessThan(120_000);
});
