// An engine to be killed: writes numbers without end and pushes now and then. Says "w N" when N is on the disk, and
// "p N" when everything up to N is pushed.
import { StoreEngine } from "./store-engine.ts";

const [dataDir = "", url = "", handover = "wait"] = process.argv.slice(2);
/** It writes nothing more: the last push is next. */
let isEnding = false;
let writing: Promise<unknown> = Promise.resolve();
const say = (line: string) => process.stdout.write(`${line}\n`);

const config = { handover: handover === "ask" ? ("ask" as const) : ("wait" as const) };
const engine = await StoreEngine.start({ dataDir, url, config });
if (handover === "ask") {
  engine.persistence.start();
  void engine.handedOver.then(async () => {
    isEnding = true;
    await writing;
    await engine.stop();
    process.exit(0);
  });
}
engine.fenced.then((error) => {
  say(`fenced ${error.message}`);
  process.exit(70);
});
say(`ready ${(await engine.numbers()).length}`);
process.on("SIGTERM", async () => {
  await engine.stop();
  process.exit(0);
});
for (let round = 0; ; round++) {
  if (isEnding) await new Promise(() => {});
  const wrote = Promise.all(Array.from({ length: 1 + (round % 7) }, () => engine.write()));
  writing = wrote.catch(() => {});
  const written = await wrote;
  const last = Math.max(...written);
  say(`w ${last}`);
  if (round % 5 !== 4) continue;
  // The function may be away: then the lag grows, and a later push takes everything.
  await engine.persistence.flush().then(
    () => say(`p ${last}`),
    () => {},
  );
}
