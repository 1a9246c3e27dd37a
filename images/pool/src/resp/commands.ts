/** What the pool does with a command, by its name; all that are not here go to a shared connection as they are. */
export type Handling =
  /** Answered from the client's own state. */
  | "hello"
  | "auth"
  | "select"
  | "client"
  | "quit"
  | "reset"
  /** On a connection of its own until it is answered. */
  | "blocks"
  /** The same when it says BLOCK. */
  | "may-block"
  /** On a connection of its own until EXEC, DISCARD or UNWATCH. */
  | "opens"
  /** On a connection of its own until the client leaves: what comes then is not answer by answer. */
  | "stays"
  | "refused";

const names: Readonly<Record<Handling, string>> = {
  hello: "hello",
  auth: "auth",
  select: "select",
  client: "client",
  quit: "quit",
  reset: "reset",
  blocks: "blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop",
  "may-block": "xread xreadgroup",
  opens: "multi watch",
  stays: "subscribe psubscribe ssubscribe monitor",
  refused: "sync psync replconf wait waitaof readonly readwrite asking",
};

const handlings = new Map(
  Object.entries(names).flatMap(([handling, list]) =>
    list.split(" ").map((name) => [name, handling as Handling] as const),
  ),
);

export function handlingOf(name: string): Handling | undefined {
  return handlings.get(name);
}

/** Subcommands of CLIENT: of the client's own state, of the whole server, or such that a connection of its own is needed. */
export function handlingOfClient(subcommand: string): "own" | "shared" | "stays" | "refused" {
  if (["setname", "getname", "setinfo", "id"].includes(subcommand)) return "own";
  if (["pause", "unpause", "help"].includes(subcommand)) return "shared";
  if (
    ["reply", "tracking", "caching", "no-touch", "no-evict", "trackinginfo", "getredir"].includes(subcommand)
  )
    return "stays";
  return "refused";
}
