import { systemClock } from "@weftkit/core";
import { patientMs } from "@weftkit/testing/patience";
import { afterEach, expect, test } from "vitest";
import { Schedule, type ScheduleOptions } from "../src/engine/schedule.ts";

const schedules: Schedule[] = [];
afterEach(async () => {
  for (const schedule of schedules.splice(0)) await schedule.stop();
});

/** A schedule whose time does not come, and what it has called. */
function scheduleWith(changes: Partial<ScheduleOptions>) {
  const calls: string[] = [];
  const schedule = new Schedule({
    pattern: "0 0 1 1 *",
    clock: systemClock,
    isUrgent: () => false,
    isFull: () => false,
    push: async () => {
      calls.push("push");
      return true;
    },
    capture: async () => {
      calls.push("capture");
    },
    ...changes,
  });
  schedules.push(schedule);
  return { schedule, calls };
}

test("a stream that presses is captured, also when no push is due", () => {
  const { schedule, calls } = scheduleWith({});
  schedule.hurry();
  expect(calls).toEqual(["capture"]);
});

test("a stream that presses while something runs is captured afterwards", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const calls: string[] = [];
  const { schedule } = scheduleWith({
    capture: () => {
      calls.push("capture");
      return calls.length === 1 ? promise : Promise.resolve();
    },
  });
  schedule.hurry();
  schedule.hurry();
  expect(calls).toEqual(["capture"]);
  resolve();
  await expect.poll(() => calls, { timeout: patientMs(5000) }).toEqual(["capture", "capture"]);
});

test("a failed push is tried again later, and captures go on meanwhile", async () => {
  const calls: string[] = [];
  const { schedule } = scheduleWith({
    isUrgent: () => true,
    isFull: () => true,
    push: async () => {
      calls.push("push");
      return false;
    },
    capture: async () => {
      calls.push("capture");
    },
  });
  schedule.hurry();
  await expect
    .poll(() => calls, { timeout: patientMs(10_000) })
    .toEqual(expect.arrayContaining(["push", "capture"]));
});
