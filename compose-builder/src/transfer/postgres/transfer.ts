import type pg from "pg";
import { Failure } from "../../terminal/failure.ts";
import { counted } from "../../terminal/quantities.ts";
import type { Place } from "../course/adapter.ts";
import { runCourse } from "../course/course.ts";
import type { Direction, TransferOptions } from "../options.ts";
import { hidden } from "../url.ts";
import { PostgresAdapter } from "./adapter.ts";
import { closePostgres, isPostgresUrl, openPostgres } from "./connection.ts";
import { isOfServer } from "./definitions.ts";

/** Copies a database between two servers of PostgreSQL's protocol. */
export async function transferPostgres(
  { what, done }: Direction,
  { from, to, fromPasswordFile, toPasswordFile, caFile, replace = false, json = false }: TransferOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const place of [from, to])
    if (!isPostgresUrl(place))
      throw new Failure(
        "usage",
        `${hidden(place)} is no server of PostgreSQL's protocol`,
        "For example postgres://127.0.0.1:5432/weftkit.",
      );
  if (replace)
    throw new Failure(
      "usage",
      "--replace is not for databases of tables",
      "Copy into an empty one. What was interrupted goes on by itself.",
    );
  const clients: pg.Client[] = [];
  const close = () => clients.forEach(closePostgres);
  const open = async (place: string, passwordFile: string | undefined) => {
    const client = await openPostgres(place, { passwordFile, caFile });
    clients.push(client);
    return { client, place: hidden(place) };
  };
  try {
    const source = await open(from, fromPasswordFile);
    const target = await open(to, toPasswordFile);
    // A table without a key is one long statement.
    signal.addEventListener("abort", close);
    const adapter = new PostgresAdapter(source, target);
    reportCopied(done, await runCourse(adapter, { what, isSilent: json, signal }), adapter, json);
  } catch (error) {
    throw explained(error);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

function reportCopied(
  done: string,
  places: readonly Place[],
  { definitions, leftOut }: PostgresAdapter,
  asJson: boolean,
): void {
  const rows = places.reduce((sum, { units }) => sum + units, 0);
  if (asJson) {
    const document = { tables: places.length, rows, definitions, leftOut };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${done} ${counted(rows, "row")} of ${counted(places.length, "table")} and ${counted(definitions, "definition")}; both sides have the same rows.\n`,
  );
  if (leftOut.length > 0)
    process.stdout.write(`Left out, as this does not copy them: ${leftOut.join(", ")}.\n`);
  process.stdout.write(
    "What is written to the source from now on is not brought over: point the programs at the target now, or let weftkit/persistence keep both equal meanwhile.\n",
  );
}

/** What an error means to who gave the command. */
function explained(error: unknown): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  if (isOfServer(error)) return new Failure("failed", error.message, error.hint ?? error.detail);
  const isLost = /^Connection terminated/.test(error.message) || "severity" in error || "syscall" in error;
  return isLost
    ? new Failure(
        "unavailable",
        `a connection was lost: ${error.message}`,
        "Give the same command again when both servers are there: it goes on where it was.",
      )
    : error;
}
