import type { RegisteredCommand } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";

/** An argument that is a channel, or a pattern of some. */
export interface ChannelUse {
  readonly index: number;
  readonly isPattern: boolean;
}

const SUBSCRIBING = new Set(["subscribe", "ssubscribe", "psubscribe"]);
const NONE: readonly ChannelUse[] = [];

/** The channels that a command publishes to or begins to listen to; who stops needs no right for it. */
export function channelsOf(command: RegisteredCommand, args: Args): readonly ChannelUse[] {
  const { fullName } = command;
  if (fullName === "publish" || fullName === "spublish") return [{ index: 1, isPattern: false }];
  if (!SUBSCRIBING.has(fullName)) return NONE;
  const isPattern = fullName === "psubscribe";
  return Array.from({ length: args.count - 1 }, (_, at) => ({ index: at + 1, isPattern }));
}
