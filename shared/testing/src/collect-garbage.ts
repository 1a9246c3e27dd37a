import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects all garbage of this thread now, so that a test can tell what is held from what only was not collected yet. */
export function collectGarbage(): void {
  collect();
}
