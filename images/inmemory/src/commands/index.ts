import { clientCommands } from "./client.ts";
import { commandCommands } from "./command.ts";
import { configCommands } from "./config.ts";
import { connectionCommands } from "./connection.ts";
import { infoCommands } from "./info.ts";
import { listCommands } from "./list.ts";
import { listPopCommands } from "./list-pop.ts";
import { pubsubCommands } from "./pubsub.ts";
import { serverCommands } from "./server.ts";
import { stringCommands } from "./string.ts";
import { lcsCommands } from "./string-lcs.ts";
import { multipleStringCommands } from "./string-multiple.ts";
import { stringNumberCommands } from "./string-number.ts";
import { stringRangeCommands } from "./string-range.ts";
import { transactionCommands } from "./transactions.ts";
import { zsetCommands } from "./zset.ts";
import { zsetAlgebraCommands } from "./zset-algebra.ts";
import { zsetPopCommands } from "./zset-pop.ts";
import { zsetRangeCommands } from "./zset-range.ts";

/** All command families; the order is that of the documentation page. */
export const commandFamilies = [
  connectionCommands,
  transactionCommands,
  serverCommands,
  pubsubCommands,
  infoCommands,
  configCommands,
  commandCommands,
  clientCommands,
  stringCommands,
  multipleStringCommands,
  stringNumberCommands,
  stringRangeCommands,
  lcsCommands,
  listCommands,
  listPopCommands,
  zsetCommands,
  zsetRangeCommands,
  zsetPopCommands,
  zsetAlgebraCommands,
];
