// An engine to be killed: writes, replaces and removes files without end and pushes now and then. Each file's content
// says which write it is. Says "w NAME WRITE" when a write is on the disk, "p WRITE" when all up to it is pushed.

import { contentOf } from "./blob-contents.ts";
import { BlobEngine } from "./blob-engine.ts";

const [dataDir = "", url = "", first = "1"] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

const engine = await BlobEngine.start({ dataDir, url });
engine.fenced.then((error) => {
  say(`fenced ${error.message}`);
  process.exit(70);
});
say("ready");

/** Pushes beside the writes, so that each capture falls into the middle of some. */
let isPushing = false;
const push = async (upTo: number) => {
  isPushing = true;
  // The function may be away: then the lag grows, and a later push takes everything.
  await engine.persistence.flush().then(
    () => say(`p ${upTo}`),
    () => {},
  );
  isPushing = false;
};

for (let number = Number(first); ; number += 3) {
  await Promise.all(
    [number, number + 1, number + 2].map(async (write) => {
      const name = `file ${write % 20}`;
      if (write % 11 === 5) await engine.remove(name);
      else await engine.write(name, contentOf(write));
      say(`w ${write}`);
    }),
  );
  if (!isPushing) void push(number + 2);
}
