// The echo engine as a program, for tests of signals and exit codes.
import { runImage } from "../src/index.ts";
import { EchoEngine, imageOf } from "./echo-engine.ts";

const unsaved = process.env.WEFTKIT_TEST_UNSAVED;
const engine = new EchoEngine(async () => {
  if (unsaved === "throw") throw new Error("3 writes are in memory only");
  if (unsaved === "hang") await new Promise(() => {});
});
await runImage(imageOf(engine));
