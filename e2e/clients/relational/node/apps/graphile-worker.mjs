// graphile-worker: its migrations in PL/pgSQL, and eight workers that do each job once.
import { Logger, makeWorkerUtils, run as startWorkers } from "graphile-worker";

const jobs = 40;

export async function run(url, log) {
  const logger = new Logger(() => (level, message) => {
    if (level === "error" || level === "warning") log([level, message]);
  });
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  for (let i = 0; i < jobs; i++) await utils.addJob("hello", { i });
  const seen = new Map();
  let isDone;
  const done = new Promise((resolve) => {
    isDone = resolve;
  });
  const hello = async ({ i }) => {
    seen.set(i, (seen.get(i) ?? 0) + 1);
    if (seen.size === jobs) isDone();
  };
  const options = { connectionString: url, concurrency: 8, noHandleSignals: true, pollInterval: 300, logger };
  const runner = await startWorkers({ ...options, taskList: { hello } });
  await done;
  await runner.stop();
  await utils.release();
  log([seen.size, [...seen.values()].every((times) => times === 1)]);
}
