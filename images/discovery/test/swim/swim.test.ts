import { expect, test } from "vitest";
import { datagramBytesMax } from "../../src/swim/codec.ts";
import { addressOf, type SimulatedMember, Simulation } from "./simulation.ts";

// The same in every run; others, and what chance makes of them, are for swim.long.test.ts.
const seed = Number(process.env.WEFTKIT_SWIM_SEED ?? 1);

function presentTo(member: SimulatedMember): string[] {
  const others = [...member.swim.membership.all()].filter(
    ({ state }) => state === "alive" || state === "suspect",
  );
  return [member.name, ...others.map(({ name }) => name)].sort();
}

function everybodySees(simulation: Simulation, expected: readonly SimulatedMember[]): boolean {
  const names = expected
    .map(({ name }) => name)
    .sort()
    .join();
  return expected.every((member) => presentTo(member).join() === names) && simulation.members.length > 0;
}

test(`members that join through one of them all know each other soon (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 30, seed, skew: 0.01 });
  expect(simulation.runUntil(() => everybodySees(simulation, simulation.members), 10_000)).toBeLessThan(5000);
  expect(simulation.longestDatagram).toBeLessThanOrEqual(datagramBytesMax);
});

test(`a member that dies is seen by all within three periods, and nobody else is accused (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 50, seed, skew: 0.01, isFormed: true });
  simulation.run(3000);
  const [victim, ...others] = simulation.members;
  simulation.kill(victim!);
  expect(simulation.runUntil(() => everybodySees(simulation, others), 10_000)).toBeLessThan(3000);
  const failed = simulation.opinions.filter(({ state }) => state === "failed");
  expect(new Set(failed.map(({ of }) => of))).toEqual(new Set([victim!.name]));
});

test(`nobody fails while one datagram in ten is lost (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 50, seed, skew: 0.02, loss: 0.1, isFormed: true });
  simulation.run(60_000);
  expect(simulation.opinions.filter(({ state }) => state === "failed")).toEqual([]);
});

test(`a member whose process stands still accuses nobody when it goes on (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 20, seed, isFormed: true });
  simulation.run(2000);
  const slow = simulation.members[7]!;
  for (let round = 0; round < 10; round++) {
    slow.stalledUntilMs = simulation.nowMs + 1200;
    simulation.run(3000);
  }
  const accused = simulation.opinions.filter(({ of, state }) => of !== slow.name && state !== "alive");
  expect(accused).toEqual([]);
  expect(everybodySees(simulation, simulation.members)).toBe(true);
});

test(`two halves that were cut off from each other find together again (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 20, seed, isFormed: true });
  simulation.run(2000);
  simulation.partition((index) => index % 2);
  const [one, other] = [0, 1].map((side) => simulation.members.filter((_, index) => index % 2 === side));
  const isApart = () => everybodySees(simulation, one!) && everybodySees(simulation, other!);
  expect(simulation.runUntil(isApart, 60_000)).toBeLessThan(30_000);
  simulation.partition(() => 0);
  expect(simulation.runUntil(() => everybodySees(simulation, simulation.members), 120_000)).toBeLessThan(
    60_000,
  );
});

test(`who leaves has left and not failed; who starts again with a newer incarnation is back (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 10, seed, isFormed: true });
  simulation.run(2000);
  const [leaver, ...others] = simulation.members;
  leaver!.swim.leave(simulation.nowMs);
  simulation.run(1000);
  simulation.kill(leaver!);
  simulation.run(3000);
  const said = simulation.opinions.filter(({ of }) => of === leaver!.name).map(({ state }) => state);
  // Who hears of it late may have missed an answer meanwhile.
  expect(said).not.toContain("failed");
  expect(said.filter((state) => state === "left")).toHaveLength(others.length);

  const again = simulation.add(leaver!.name, [], 2);
  simulation.start(again);
  again.swim.join(addressOf(others[0]!.name), simulation.nowMs);
  expect(simulation.runUntil(() => everybodySees(simulation, [again, ...others]), 10_000)).toBeLessThan(3000);
});

test(`a member that forgot everybody, and has no seeds, is found by those who know it (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 5, seed, isFormed: true });
  simulation.run(2000);
  const [first, ...others] = simulation.members;
  simulation.kill(first!);
  const again = simulation.add(first!.name, [], 2);
  simulation.start(again);
  expect(simulation.runUntil(() => everybodySees(simulation, [again, ...others]), 10_000)).toBeLessThan(4000);
});

test(`a member that fails is known again as soon as it answers (seed ${seed})`, () => {
  const simulation = new Simulation({ members: 10, seed, isFormed: true });
  simulation.run(2000);
  const asleep = simulation.members[3]!;
  asleep.stalledUntilMs = simulation.nowMs + 10_000;
  simulation.run(5000);
  expect(
    simulation.opinions.filter(({ of, state }) => of === asleep.name && state === "failed"),
  ).toHaveLength(9);
  expect(simulation.runUntil(() => everybodySees(simulation, simulation.members), 30_000)).toBeLessThan(
    15_000,
  );
});

test(`a member sends no more because there are more of them (seed ${seed})`, () => {
  const perMember = [10, 100].map((members) => {
    const simulation = new Simulation({ members, seed, isFormed: true });
    simulation.run(3000);
    for (const member of simulation.members) member.sent = 0;
    simulation.run(10_000);
    return simulation.members.reduce((sum, { sent }) => sum + sent, 0) / members / 10;
  });
  expect(perMember[0]).toBeLessThan(6);
  expect(perMember[1]).toBeLessThan(6);
});
