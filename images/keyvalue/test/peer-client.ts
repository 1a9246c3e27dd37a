import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Item } from "../src/items/attribute-value.ts";
import { plainItem } from "./naive-values.ts";
import { unwire } from "./wire-values.ts";

/** What the random requests need of a client. */
export type Client = Pick<DynamoDBClient, "send">;
type Command = Parameters<DynamoDBClient["send"]>[0];
type Outcome = { readonly value: object } | { readonly error: Error };

/** One request that two servers have answered differently. */
export interface Difference {
  readonly operation: string;
  readonly request: string;
  readonly ours: string;
  readonly peers: string;
}

/**
 * Sends everything to two servers, gives what the first answers, and keeps where the second differs. After a difference
 * the peer is given what the first one has, so that one difference is told once.
 */
export class PeerClient {
  readonly differences: Difference[] = [];
  readonly #ours: Client;
  readonly #peer: Client;
  readonly #repair: () => Promise<void>;

  constructor(ours: Client, peer: Client, repair: () => Promise<void>) {
    this.#ours = ours;
    this.#peer = peer;
    this.#repair = repair;
  }

  /** As the client of AWS's SDK has it; its overloads are the caller's. */
  readonly send = (async (command: Command) => {
    const make = command.constructor as new (input: unknown) => Command;
    const [ours, peers] = await Promise.all([
      outcomeOf(this.#ours, command),
      outcomeOf(this.#peer, new make(command.input)),
    ]);
    const operation = make.name.replace(/Command$/, "");
    const [one, two] = [textOf(command, ours), textOf(command, peers)];
    if (one !== two) {
      const request = JSON.stringify(unwire(command.input as unknown as Item));
      this.differences.push({ operation, request, ours: one, peers: two });
      await this.#repair();
    }
    if ("error" in ours) throw ours.error;
    return ours.value;
  }) as Client["send"];
}

async function outcomeOf(client: Client, command: Command): Promise<Outcome> {
  try {
    return { value: await client.send(command as never) };
  } catch (error) {
    return { error: error as Error };
  }
}

/** Equal answers have equal texts: items in one form and order, errors by what clients can see of them. */
function textOf(command: Command, outcome: Outcome): string {
  if ("error" in outcome) {
    const { name, message, CancellationReasons } = outcome.error as Error & { CancellationReasons?: unknown };
    return `${name}: ${message}${CancellationReasons === undefined ? "" : JSON.stringify(CancellationReasons)}`;
  }
  const { Items, Item, Attributes, LastEvaluatedKey, Count, UnprocessedItems } = unwire(
    outcome.value as unknown as Item,
  ) as unknown as Record<string, unknown>;
  const { Limit, TotalSegments } = command.input as { Limit?: number; TotalSegments?: number };
  // Which items are in which segment is a server's own; so is which of equal sort keys ends a page.
  const isPart = (TotalSegments ?? 1) > 1 || Limit !== undefined;
  return JSON.stringify({
    Item: Item && plainItem(Item as Item),
    Attributes: Attributes && plainItem(Attributes as Item),
    ...(!isPart && {
      Items: (Items as Item[] | undefined)?.map((item) => JSON.stringify(plainItem(item))).sort(),
      Count,
    }),
    ...(Limit !== undefined && { Count, hasMore: LastEvaluatedKey !== undefined }),
    UnprocessedItems,
  });
}
