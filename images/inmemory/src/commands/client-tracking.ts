import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import type { TrackingState } from "../session/tracking.ts";

const NOT_CACHING =
  "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled";
const CHANGED_MODE =
  "before disabling tracking for this client, and then re-enabling it with a different mode.";

/** What CLIENT TRACKING ON was given. */
interface Options {
  redirect: number;
  isBroadcast: boolean;
  isOptIn: boolean;
  isOptOut: boolean;
  isNoLoop: boolean;
  prefixes: string[];
}

/** Reads the options from argument 3 on; an error's text when they are wrong. */
function readOptions({ args, server }: ClientSession): Options | string {
  const options: Options = {
    redirect: 0,
    isBroadcast: false,
    isOptIn: false,
    isOptOut: false,
    isNoLoop: false,
    prefixes: [],
  };
  for (let i = 3; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "REDIRECT") && hasValue) {
      if (options.redirect !== 0) return "ERR A client can only redirect to a single other client";
      options.redirect = args.integer(++i);
      if (Number.isNaN(options.redirect)) return "ERR value is not an integer or out of range";
      // It may go later; but who names one that is not there is mistaken.
      if (!server.sessions.has(options.redirect))
        return "ERR The client ID you want redirect to does not exist";
    } else if (args.is(i, "BCAST")) options.isBroadcast = true;
    else if (args.is(i, "OPTIN")) options.isOptIn = true;
    else if (args.is(i, "OPTOUT")) options.isOptOut = true;
    else if (args.is(i, "NOLOOP")) options.isNoLoop = true;
    else if (args.is(i, "PREFIX") && hasValue) options.prefixes.push(args.latin1(++i));
    else return SYNTAX;
  }
  return options;
}

/** Why the options do not go together, or with what the session tracks already; undefined when they do. */
function conflictOf(options: Options, now: TrackingState | undefined): string | undefined {
  const { isBroadcast, isOptIn, isOptOut, prefixes } = options;
  if (!isBroadcast && prefixes.length > 0) return "ERR PREFIX option requires BCAST mode to be enabled";
  if (now !== undefined && now.isBroadcast !== isBroadcast)
    return `ERR You can't switch BCAST mode on/off ${CHANGED_MODE}`;
  if (isBroadcast && (isOptIn || isOptOut)) return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  if (isOptIn && isOptOut) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((isOptIn && now?.mode === "optout") || (isOptOut && now?.mode === "optin"))
    return `ERR You can't switch OPTIN/OPTOUT mode ${CHANGED_MODE}`;
  return isBroadcast ? overlapOf(prefixes, now?.prefixes ?? new Set()) : undefined;
}

function overlapOf(prefixes: readonly string[], existing: ReadonlySet<string>): string | undefined {
  const overlap = (left: string, right: string) => left.startsWith(right) || right.startsWith(left);
  for (const [index, prefix] of prefixes.entries()) {
    for (const other of existing) {
      if (prefix !== other && overlap(prefix, other)) {
        return `ERR Prefix '${prefix}' overlaps with an existing prefix '${other}'. Prefixes for a single client must not overlap.`;
      }
    }
    for (const other of prefixes.slice(index + 1)) {
      if (overlap(prefix, other)) {
        return `ERR Prefix '${prefix}' overlaps with another provided prefix '${other}'. Prefixes for a single client must not overlap.`;
      }
    }
  }
  return undefined;
}

/** CLIENT TRACKING (Redis, "CLIENT TRACKING"). */
export function tracking(session: ClientSession): void {
  const { args, reply, server } = session;
  const options = readOptions(session);
  if (typeof options === "string") {
    reply.error(options);
    return;
  }
  if (args.is(2, "ON")) {
    const conflict = conflictOf(options, session.tracking);
    if (conflict !== undefined) {
      reply.error(conflict);
      return;
    }
    // It hears of keys that it has not read: they have to be all readable.
    if (options.isBroadcast && session.user !== undefined && session.user.scope("read") !== "all") {
      reply.error(`NOPERM User ${session.user.user} has no permissions to track keys that it has not read`);
      return;
    }
    let mode = session.tracking?.mode ?? "all";
    if (options.isOptIn) mode = "optin";
    else if (options.isOptOut) mode = "optout";
    server.tracking.enable(session, {
      isBroadcast: options.isBroadcast,
      mode,
      isNoLoop: options.isNoLoop,
      redirect: options.redirect,
      isRedirectBroken: false,
      caching: undefined,
      prefixes: new Set(options.prefixes),
    });
  } else if (args.is(2, "OFF")) server.tracking.disable(session);
  else {
    reply.error(SYNTAX);
    return;
  }
  reply.ok();
}

export function caching(session: ClientSession): void {
  const { args, reply, tracking: state } = session;
  if (state === undefined || state.mode === "all") reply.error(NOT_CACHING);
  else if (args.is(2, "YES")) {
    if (state.mode === "optin") {
      state.caching = true;
      reply.ok();
    } else reply.error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  } else if (args.is(2, "NO")) {
    if (state.mode === "optout") {
      state.caching = false;
      reply.ok();
    } else reply.error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  } else reply.error(SYNTAX);
}

export function getredir(session: ClientSession): void {
  session.reply.integer(session.tracking?.redirect ?? -1);
}

export function trackinginfo(session: ClientSession): void {
  const { reply, tracking: state } = session;
  const flags = [state === undefined ? "off" : "on"];
  if (state !== undefined) {
    if (state.isBroadcast) flags.push("bcast");
    if (state.mode !== "all") flags.push(state.mode);
    if (state.caching === true) flags.push("caching-yes");
    if (state.caching === false) flags.push("caching-no");
    if (state.isNoLoop) flags.push("noloop");
    if (state.isRedirectBroken) flags.push("broken_redirect");
  }
  reply.map(3);
  reply.bulkText("flags");
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText("redirect");
  reply.integer(state?.redirect ?? -1);
  reply.bulkText("prefixes");
  reply.array(state?.prefixes.size ?? 0);
  for (const prefix of state?.prefixes ?? []) reply.bulkBuffer(Buffer.from(prefix, "latin1"));
}
