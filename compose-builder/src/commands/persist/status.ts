import { systemClock } from "@weftkit/core";
import type { Head } from "@weftkit/persist/contract";
import { Command } from "commander";
import { askEngine, type EnginePersistence } from "../../persist/admin-status.ts";
import { type OpenSubtree, openSubtree } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { type SubtreeOptions, withSubtreeOptions } from "../../persist/options.ts";
import { askFor, type State, streamSizes } from "../../persist/state.ts";
import { printTable } from "../../terminal/print-table.ts";
import { counted, readableBytes, readableSpan, readableTime } from "../../terminal/quantities.ts";

interface Options extends SubtreeOptions {
  readonly admin?: string;
}

/** `weftkit persist status` */
export function statusCommand(): Command {
  const command = new Command("status").description(
    "the newest push, its owner, its size, and how far back it can be restored",
  );
  return withSubtreeOptions(command)
    .option("--admin <url>", "also ask the running engine, by its admin port, how far behind its pushes are")
    .addHelpText(
      "after",
      "\nExample:\n  weftkit persist status --subtree default/inmemory/0 --admin http://127.0.0.1:9464",
    )
    .action(status);
}

async function status(options: Options): Promise<void> {
  await advised(async () => {
    const target = await openSubtree(options);
    try {
      const { head, state } = await askFor(target);
      const engine = options.admin === undefined ? undefined : await askEngine(options.admin);
      if (options.json) printJson(target, head, state, engine);
      else print(target, head, state, engine);
    } finally {
      target.client.close();
    }
  });
}

function print(
  target: OpenSubtree,
  head: Head,
  state: State | undefined,
  engine: EnginePersistence | undefined,
): void {
  const { subtree, url } = target;
  process.stdout.write(`${subtree} at ${url}\n\n`);
  const rows: [string, string][] = [["owner", ownerLine(head)]];
  if (state === undefined) rows.unshift(["push", "none yet"]);
  else rows.unshift(...stateRows(target, state));
  if (engine !== undefined) rows.push(...engineRows(engine, subtree));
  printTable(rows);
}

function ownerLine({ owner, epoch, leaseUntil }: Head): string {
  const leftMs = leaseUntil - systemClock.wallMs();
  const lease =
    leaseUntil === 0
      ? "its lease is released"
      : leftMs > 0
        ? `its lease holds for ${readableSpan(leftMs)}`
        : `its lease ran out ${readableSpan(-leftMs)} ago`;
  return `${owner}, epoch ${epoch}; ${lease}`;
}

function stateRows({ ciphers }: OpenSubtree, { manifest }: State): [string, string][] {
  const { seq, time, history, dropped, encryption } = manifest;
  const age = readableSpan(systemClock.wallMs() - time);
  const verified = history.filter((point) => point.verified);
  const oldest = history.at(-1);
  const given = ciphers.find(({ keyName }) => keyName === encryption?.keyName) ?? ciphers[0];
  return [
    ["push", `${seq}, of ${readableTime(time)}, ${age} ago`],
    ...streamSizes(manifest).map(({ name, kind, pieces, bytes }): [string, string] => [
      name,
      `${readableBytes(bytes)} stored in ${counted(pieces, "piece")}${kind === name ? "" : ` (${kind})`}`,
    ]),
    [
      "restorable",
      oldest === undefined
        ? "this state only"
        : `${counted(history.length + 1, "state")}, back to ${readableTime(oldest.time)} (push ${oldest.seq})`,
    ],
    [
      "verified",
      verified.length === 0
        ? "none yet: an engine reads each new base back, and notes it with its next push"
        : `${counted(verified.length, "state")}, the newest is push ${verified[0]!.seq}`,
    ],
    ...(dropped.length === 0
      ? []
      : [["dropped", `${counted(dropped.length, "state")} to be deleted a day after`] as [string, string]]),
    ["encryption", encryptionLine(encryption?.keyName, given?.keyName)],
  ];
}

function encryptionLine(keyName: string | undefined, givenKeyName: string | undefined): string {
  if (keyName === undefined) return "none";
  const line = `AES-256-GCM, key ${keyName}`;
  if (givenKeyName === undefined) return line;
  return givenKeyName === keyName
    ? `${line}: the one given here`
    : `${line}; the one given here is ${givenKeyName}`;
}

function engineRows(engine: EnginePersistence, subtree: string): [string, string][] {
  const { lagBytes, lagSeconds, outbox, lastError, leaseHeld } = engine;
  const lag =
    lagBytes === 0
      ? "nothing: all that was written is pushed"
      : `${readableBytes(lagBytes)}, the oldest written ${readableSpan(lagSeconds * 1000)} ago`;
  return [
    ...(engine.subtree === subtree
      ? []
      : [["engine", `serves ${engine.subtree}, not this subtree`] as [string, string]]),
    ["lag", lag],
    [
      "outbox",
      outbox.entries === 0 ? "empty" : `${counted(outbox.entries, "push")}, ${readableBytes(outbox.bytes)}`,
    ],
    ["lease", leaseHeld ? `held by the engine, epoch ${engine.epoch}` : "not held by the engine"],
    ...(lastError === undefined ? [] : [["last error", lastError] as [string, string]]),
  ];
}

function printJson(
  { url, subtree }: OpenSubtree,
  head: Head,
  state: State | undefined,
  engine: EnginePersistence | undefined,
): void {
  const newest = state && {
    manifest: state.name,
    seq: state.manifest.seq,
    time: new Date(state.manifest.time).toISOString(),
    ageMs: systemClock.wallMs() - state.manifest.time,
    streams: streamSizes(state.manifest),
    restorePoints: state.manifest.history.length + 1,
    verified: state.manifest.history.filter((point) => point.verified).map(({ seq }) => seq),
    dropped: state.manifest.dropped.length,
    encryption: state.manifest.encryption ?? null,
  };
  const document = { url, subtree, head, newest: newest ?? null, ...(engine !== undefined && { engine }) };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
