// Leaves out the long tests that have not begun by WEFTKIT_TEST_DEADLINE (milliseconds since 1970), so that a run on a
// slow machine ends in time, and says which: they count as skipped, for this reason.
import { beforeEach } from "vitest";

const deadlineMs = Number(process.env.WEFTKIT_TEST_DEADLINE ?? Number.POSITIVE_INFINITY);

beforeEach((context) => {
  context.skip(Date.now() > deadlineMs, "the time for long tests is over");
});
