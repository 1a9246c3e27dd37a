import { systemClock } from "@weftkit/core";
import { restorePointsOf } from "@weftkit/persist/inspection";
import { Command } from "commander";
import { openSubtree } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { atOption, type SubtreeOptions, withSubtreeOptions } from "../../persist/options.ts";
import { askForState, type State, storedBytes } from "../../persist/state.ts";
import { printColumns } from "../../terminal/print-table.ts";
import { readableBytes, readableSpan, readableTime } from "../../terminal/quantities.ts";

interface Options extends SubtreeOptions {
  readonly pieces?: true;
  readonly at?: string;
}

/** `weftkit persist ls` */
export function listCommand(): Command {
  return withSubtreeOptions(new Command("ls").description("every state that can be restored, newest first"))
    .option("--pieces", "show what one state is made of instead: the newest, or that of --at")
    .addOption(atOption("with --pieces: the newest state at or before this push or ISO 8601 time"))
    .addHelpText(
      "after",
      "\nExamples:\n  weftkit persist ls --engine inmemory\n  weftkit persist ls --engine inmemory --pieces --at 42",
    )
    .action(list);
}

async function list(options: Options): Promise<void> {
  await advised(async () => {
    const target = await openSubtree(options);
    try {
      const { state } = await askForState(target, options.at);
      if (options.pieces) printPieces(state, options.json);
      else printPoints(state, options.json);
    } finally {
      target.client.close();
    }
  });
}

function printPoints(state: State, json: true | undefined): void {
  const points = restorePointsOf({ manifest: state.manifest, text: "", sha256: state.name });
  if (json) {
    const list = points.map(({ seq, time, manifest, verified = false }) => ({
      seq,
      time: new Date(time).toISOString(),
      verified,
      manifest,
    }));
    process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
    return;
  }
  const now = systemClock.wallMs();
  const rows = points.map(({ seq, time, manifest, verified }) => [
    String(seq),
    readableTime(time),
    `${readableSpan(now - time)} ago`,
    verified ? "yes" : "",
    manifest.slice(0, 12),
  ]);
  printColumns([["push", "time", "age", "verified", "manifest"], ...rows], [true, false, true, false, false]);
}

function printPieces({ manifest }: State, json: true | undefined): void {
  const pieces = Object.entries(manifest.streams).flatMap(([stream, state]) =>
    state.pieces.map((piece) => ({ stream, streamKind: state.kind, ...piece })),
  );
  if (json) {
    const { seq, time } = manifest;
    process.stdout.write(`${JSON.stringify({ seq, time: new Date(time).toISOString(), pieces }, null, 2)}\n`);
    return;
  }
  const rows = pieces.map((piece) => [
    piece.stream,
    piece.kind,
    piece.seqFrom === piece.seqTo ? String(piece.seqTo) : `${piece.seqFrom}-${piece.seqTo}`,
    readableTime(piece.time),
    readableBytes(storedBytes(piece)),
    String(piece.partLists?.reduce((sum, { count }) => sum + count, 0) ?? piece.parts.length),
    piece.sha256.slice(0, 12),
  ]);
  process.stdout.write(`push ${manifest.seq}, of ${readableTime(manifest.time)}\n\n`);
  printColumns(
    [["stream", "kind", "pushes", "time", "stored", "parts", "piece"], ...rows],
    [false, false, true, false, true, true, false],
  );
}
