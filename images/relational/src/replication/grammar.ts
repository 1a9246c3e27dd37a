import { notSupported, syntaxError } from "../errors.ts";
import { readLsn } from "../types/lsn.ts";

/** Commands of the replication protocol (PostgreSQL's documentation, 54.4). */
export type ReplicationCommand =
  | { readonly kind: "identify" }
  | { readonly kind: "read slot"; readonly name: string }
  | {
      readonly kind: "create slot";
      readonly name: string;
      readonly plugin: string;
      readonly isTemporary: boolean;
      readonly snapshot: "export" | "use" | "nothing";
      readonly twoPhase: boolean;
      readonly failover: boolean;
    }
  | { readonly kind: "drop slot"; readonly name: string; readonly waits: boolean }
  | {
      readonly kind: "start";
      readonly name: string;
      readonly lsn: bigint;
      readonly options: readonly (readonly [name: string, value: string | null])[];
    };

interface Token {
  readonly kind: "word" | "name" | "text" | "lsn" | "number" | "mark";
  readonly text: string;
}

const tokens =
  /\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([0-9A-Fa-f]+\/[0-9A-Fa-f]+)|(\d+)(?![\w$])|([A-Za-z_][\w$]*)|([(),;.]))/gy;

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  let length = 0;
  for (const [whole, name, string, lsn, number, word, mark] of text.matchAll(tokens)) {
    length += whole.length;
    if (name !== undefined) found.push({ kind: "name", text: name.replaceAll('""', '"') });
    else if (string !== undefined) found.push({ kind: "text", text: string.replaceAll("''", "'") });
    else if (lsn !== undefined) found.push({ kind: "lsn", text: lsn });
    else if (number !== undefined) found.push({ kind: "number", text: number });
    else if (word !== undefined) found.push({ kind: "word", text: word });
    else found.push({ kind: "mark", text: mark! });
  }
  if (text.slice(length).trim() !== "") throw syntaxError("syntax error");
  return found;
}

const commands: Readonly<Record<string, (reader: Reader) => ReplicationCommand>> = {
  IDENTIFY_SYSTEM: () => ({ kind: "identify" }),
  READ_REPLICATION_SLOT: (reader) => ({ kind: "read slot", name: reader.name() }),
  CREATE_REPLICATION_SLOT: createSlot,
  DROP_REPLICATION_SLOT: (reader) => ({
    kind: "drop slot",
    name: reader.name(),
    waits: reader.word("WAIT"),
  }),
  START_REPLICATION: start,
  ALTER_REPLICATION_SLOT: () => {
    throw notSupported("ALTER_REPLICATION_SLOT");
  },
  BASE_BACKUP: () => {
    throw notSupported("BASE_BACKUP");
  },
  TIMELINE_HISTORY: () => {
    throw notSupported("TIMELINE_HISTORY");
  },
  UPLOAD_MANIFEST: () => {
    throw notSupported("UPLOAD_MANIFEST");
  },
};

/** Undefined for what is no command of the protocol, and so SQL. @throws PgError 42601, 0A000 */
export function parseReplication(text: string): ReplicationCommand | undefined {
  const word = /^\s*([A-Za-z_]+)/.exec(text)?.[1]?.toUpperCase() ?? "";
  const parse = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (parse === undefined) return undefined;
  const reader = new Reader(tokensOf(text).slice(1));
  const command = parse(reader);
  reader.end();
  return command;
}

function createSlot(reader: Reader): ReplicationCommand {
  const name = reader.name();
  const isTemporary = reader.word("TEMPORARY");
  if (reader.word("PHYSICAL")) throw notSupported("physical replication");
  reader.require("LOGICAL");
  const plugin = reader.name();
  let snapshot: Extract<ReplicationCommand, { kind: "create slot" }>["snapshot"] = "export";
  const is = { twoPhase: false, failover: false };
  for (const [option, value] of reader.isMark("(") ? reader.options() : legacyOptions(reader)) {
    const text = value?.toLowerCase();
    if (option === "snapshot" && (text === "export" || text === "use" || text === "nothing")) snapshot = text;
    else if (option === "two_phase") is.twoPhase = isTrue(text);
    else if (option === "failover") is.failover = isTrue(text);
    else if (option === "snapshot")
      throw syntaxError(`unrecognized value for CREATE_REPLICATION_SLOT option "snapshot": "${value}"`);
    else throw syntaxError(`unrecognized option: ${option}`);
  }
  return { kind: "create slot", name, plugin, isTemporary, snapshot, ...is };
}

/** As they were written before PostgreSQL 15. */
function legacyOptions(reader: Reader): [string, string | null][] {
  const options: [string, string | null][] = [];
  for (;;) {
    if (reader.word("EXPORT_SNAPSHOT")) options.push(["snapshot", "export"]);
    else if (reader.word("NOEXPORT_SNAPSHOT")) options.push(["snapshot", "nothing"]);
    else if (reader.word("USE_SNAPSHOT")) options.push(["snapshot", "use"]);
    else if (reader.word("TWO_PHASE")) options.push(["two_phase", "true"]);
    else return options;
  }
}

function isTrue(text: string | undefined): boolean {
  return text === undefined || ["true", "on", "1"].includes(text);
}

function start(reader: Reader): ReplicationCommand {
  if (!reader.word("SLOT")) throw notSupported("physical replication");
  const name = reader.name();
  if (!reader.word("LOGICAL")) throw notSupported("physical replication");
  const lsn = reader.lsn();
  const options = reader.isMark("(") ? reader.options() : [];
  return { kind: "start", name, lsn, options };
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw syntaxError("syntax error");
    return token;
  }

  /** A name; in lower case where it is not quoted. */
  name(): string {
    const { kind, text } = this.#next();
    if (kind === "name") return text;
    if (kind !== "word") throw syntaxError("syntax error");
    return text.toLowerCase();
  }

  /** Whether a keyword comes next, which then is read. */
  word(keyword: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.text.toUpperCase() !== keyword) return false;
    this.#at++;
    return true;
  }

  require(keyword: string): void {
    if (!this.word(keyword)) throw syntaxError("syntax error");
  }

  isMark(mark: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === "mark" && token.text === mark;
  }

  lsn(): bigint {
    const { kind, text } = this.#next();
    const lsn = kind === "lsn" ? readLsn(text) : undefined;
    if (lsn === undefined) throw syntaxError("syntax error");
    return lsn;
  }

  /** `(name, name 'value', name 5)` */
  options(): [string, string | null][] {
    const options: [string, string | null][] = [];
    this.#next();
    for (;;) {
      const name = this.name();
      const token = this.#next();
      const hasValue = token.kind !== "mark";
      options.push([name, hasValue ? token.text : null]);
      const mark = hasValue ? this.#next() : token;
      if (mark.kind === "mark" && mark.text === ")") return options;
      if (mark.kind !== "mark" || mark.text !== ",") throw syntaxError("syntax error");
    }
  }

  end(): void {
    while (this.isMark(";")) this.#at++;
    if (this.#at < this.#tokens.length) throw syntaxError("syntax error");
  }
}
