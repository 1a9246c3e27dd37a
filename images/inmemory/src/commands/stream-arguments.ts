import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { FIRST_ID, LAST_ID, type ParsedId, parseStreamId, type StreamId } from "../storage/stream-id.ts";
import type { EntryCursor } from "../storage/stream-node.ts";

const INVALID_ID = "ERR Invalid stream ID specified as stream command argument";
const BAD_START = "ERR invalid start ID for the interval";
const BAD_END = "ERR invalid end ID for the interval";
const OPEN = 0x28;
const DASH = 0x2d;
const PLUS = 0x2b;

/** The argument as a complete identifier, without `-` and `+`; undefined after an error was answered. */
export function readStrictId(session: ClientSession, index: number): StreamId | undefined {
  const { args, reply } = session;
  const parsed = parseStreamId(args.buffer, args.offsets[index]!, args.lengths[index]!);
  if (parsed === undefined) reply.error(INVALID_ID);
  return parsed?.id;
}

/** As `readStrictId`, also `ms-*`. */
export function readOpenId(session: ClientSession, index: number): ParsedId | undefined {
  const { args, reply } = session;
  const parsed = parseStreamId(args.buffer, args.offsets[index]!, args.lengths[index]!, false, true);
  if (parsed === undefined) reply.error(INVALID_ID);
  return parsed;
}

/** The argument as an identifier, or `-` and `+` for the lowest and highest; undefined after an error was answered. */
export function readId(session: ClientSession, index: number, fillsUp = false): StreamId | undefined {
  const { args, reply } = session;
  const offset = args.offsets[index]!;
  const length = args.lengths[index]!;
  if (length === 1 && args.buffer[offset] === DASH) return FIRST_ID;
  if (length === 1 && args.buffer[offset] === PLUS) return LAST_ID;
  const parsed = parseStreamId(args.buffer, offset, length, fillsUp);
  if (parsed === undefined) reply.error(INVALID_ID);
  return parsed?.id;
}

/** The lower bound of a range, `(` before it excludes it; undefined after an error was answered. */
export function readStart(session: ClientSession, index: number): StreamId | undefined {
  return readBound(session, index, false, (id) => id.next(), BAD_START);
}

/** The upper bound of a range. */
export function readEnd(session: ClientSession, index: number): StreamId | undefined {
  return readBound(session, index, true, (id) => id.previous(), BAD_END);
}

function readBound(
  session: ClientSession,
  index: number,
  fillsUp: boolean,
  inwards: (id: StreamId) => StreamId | undefined,
  error: string,
): StreamId | undefined {
  const { args, reply } = session;
  const offset = args.offsets[index]!;
  const length = args.lengths[index]!;
  if (length < 2 || args.buffer[offset] !== OPEN) return readId(session, index, fillsUp);
  const parsed = parseStreamId(args.buffer, offset + 1, length - 1, fillsUp);
  if (parsed === undefined) {
    reply.error(INVALID_ID);
    return undefined;
  }
  const id = inwards(parsed.id);
  if (id === undefined) reply.error(error);
  return id;
}

/** How a stream is to be trimmed, as XADD and XTRIM say it. */
export interface TrimArguments {
  by: { lengthMax: number } | { idMin: StreamId };
  isApproximate: boolean;
  limit: number;
  /** Index of the argument with the length or identifier; an approximate form has `~` before it. */
  index: number;
}

/** What comes before the fields of XADD, or after the key of XTRIM. */
export interface AddArguments {
  trim: TrimArguments | undefined;
  isOnlyExisting: boolean;
  /** Undefined for `*`. */
  id: ParsedId | undefined;
  /** Index of the identifier. */
  idIndex: number;
}

const BOTH_TRIMS = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
const LIMIT_ALONE = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
const LIMIT_EXACT = "ERR syntax error, LIMIT cannot be used without the special ~ option";
const TRIM_MISSING = "ERR syntax error, XTRIM must be called with a trimming strategy";
const LIMIT_DEFAULT = 10_000;
const LIMIT_MAX = 1_000_000;

/** Reads the options of XADD (up to its identifier) or XTRIM; undefined after an error was answered. */
export function readAddArguments(session: ClientSession, isAdd: boolean): AddArguments | undefined {
  const { args, reply } = session;
  const found: AddArguments = { trim: undefined, isOnlyExisting: false, id: undefined, idIndex: args.count };
  let limit: number | undefined;
  for (let i = 2; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (isAdd && args.is(i, "*")) {
      found.idIndex = i;
      break;
    }
    const isLength = args.is(i, "MAXLEN");
    if ((isLength || args.is(i, "MINID")) && hasValue) {
      if (found.trim !== undefined) {
        reply.error(BOTH_TRIMS);
        return undefined;
      }
      const hasMode = i + 2 < args.count;
      const isApproximate = hasMode && args.is(i + 1, "~");
      if (isApproximate || (hasMode && args.is(i + 1, "="))) i++;
      const by = isLength ? readLengthMax(session, ++i) : readIdMin(session, ++i);
      if (by === undefined) return undefined;
      found.trim = { by, isApproximate, limit: 0, index: i };
    } else if (args.is(i, "LIMIT") && hasValue) {
      limit = session.integer(++i);
      if (Number.isNaN(limit)) return undefined;
      if (limit < 0) {
        reply.error("ERR The LIMIT argument must be >= 0.");
        return undefined;
      }
    } else if (isAdd && args.is(i, "NOMKSTREAM")) found.isOnlyExisting = true;
    else if (isAdd) {
      found.id = readOpenId(session, i);
      if (found.id === undefined) return undefined;
      found.idIndex = i;
      break;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return settleLimit(session, found, limit, isAdd) ? found : undefined;
}

function readLengthMax(session: ClientSession, index: number): { lengthMax: number } | undefined {
  const lengthMax = session.integer(index);
  if (Number.isNaN(lengthMax)) return undefined;
  if (lengthMax >= 0) return { lengthMax };
  session.reply.error("ERR The MAXLEN argument must be >= 0.");
  return undefined;
}

function readIdMin(session: ClientSession, index: number): { idMin: StreamId } | undefined {
  const idMin = readStrictId(session, index);
  return idMin === undefined ? undefined : { idMin };
}

/** Decides how many entries a trim may remove; false after an error was answered. */
function settleLimit(
  session: ClientSession,
  found: AddArguments,
  limit: number | undefined,
  isAdd: boolean,
): boolean {
  const { reply, server } = session;
  const { trim } = found;
  if (trim === undefined) {
    if (limit !== undefined && limit > 0) reply.error(LIMIT_ALONE);
    else if (!isAdd) reply.error(TRIM_MISSING);
    else return true;
    return false;
  }
  // What is replayed was limited when it ran first, and has become exact since.
  if (session.isRerunning) return true;
  if (limit !== undefined) {
    if (!trim.isApproximate) {
      reply.error(LIMIT_EXACT);
      return false;
    }
    trim.limit = limit;
  } else if (trim.isApproximate) {
    const nodes = 100 * server.settings.streamNodeEntriesMax;
    trim.limit = nodes <= 0 ? LIMIT_DEFAULT : Math.min(nodes, LIMIT_MAX);
  }
  return true;
}

/** Writes an entry: its identifier and its fields. */
export function writeEntry(session: ClientSession, entry: EntryCursor): void {
  const { reply } = session;
  reply.array(2);
  reply.bulkText(entry.id.toString());
  reply.array(entry.fields * 2);
  entry.emit(reply);
}
