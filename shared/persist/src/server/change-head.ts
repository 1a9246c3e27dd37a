import { setTimeout as delay } from "node:timers/promises";
import type { Head } from "../contract/messages.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { SubtreeStore } from "./subtree-store.ts";

const attemptsMax = 20;
const waitMsMax = 200;

/**
 * Changes a subtree's head by compare-and-swap: reads it, asks `change` for the next one and writes that, again from
 * the start while others are quicker. `change` returns the head itself when nothing is to be changed, and throws when
 * the change must not be made. With `repairs`, a head that cannot be read is none, and is replaced.
 */
export async function changeHead(
  subtree: SubtreeStore,
  change: (head: Head | undefined) => Head | Promise<Head>,
  { repairs = false } = {},
): Promise<Head> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const before = await (repairs ? subtree.readHeadOrDamage() : subtree.readHead());
    const head = before !== undefined && "head" in before ? before.head : undefined;
    const next = await change(head);
    if (next === head) return next;
    if (await subtree.swapHead(before, next)) return next;
    await delay(Math.random() * Math.min(waitMsMax, 5 * 2 ** attempt));
  }
  throw new ContractFailure("unavailable", "the head is changed by others all the time; try again");
}
