import { aclCommands } from "./acl.ts";
import { bitfieldCommands } from "./bitfield.ts";
import { bitmapCommands } from "./bitmap.ts";
import { clientCommands } from "./client.ts";
import { clusterCommands } from "./cluster.ts";
import { commandCommands } from "./command.ts";
import { configCommands } from "./config.ts";
import { connectionCommands } from "./connection.ts";
import { databaseCommands } from "./database.ts";
import { debugCommands } from "./debug.ts";
import { dumpCommands } from "./dump.ts";
import { expireCommands } from "./expire.ts";
import { functionCommands } from "./function.ts";
import { geoCommands } from "./geo.ts";
import { geoSearchCommands } from "./geo-search.ts";
import { hashCommands } from "./hash.ts";
import { hashNumberCommands } from "./hash-number.ts";
import { randomFieldCommands } from "./hash-random.ts";
import { hyperloglogCommands } from "./hyperloglog.ts";
import { infoCommands } from "./info.ts";
import { keyCommands } from "./keys.ts";
import { moveCommands } from "./keys-move.ts";
import { latencyCommands } from "./latency.ts";
import { listCommands } from "./list.ts";
import { listPopCommands } from "./list-pop.ts";
import { memoryCommands } from "./memory.ts";
import { migrateCommands } from "./migrate.ts";
import { objectCommands } from "./object.ts";
import { pubsubCommands } from "./pubsub.ts";
import { replicationCommands } from "./replication.ts";
import { scanCommands } from "./scan.ts";
import { scriptingCommands } from "./scripting.ts";
import { serverCommands } from "./server.ts";
import { setCommands } from "./set.ts";
import { setAlgebraCommands } from "./set-algebra.ts";
import { randomMemberCommands } from "./set-random.ts";
import { sortCommands } from "./sort.ts";
import { streamCommands } from "./stream.ts";
import { streamClaimCommands } from "./stream-claim.ts";
import { streamGroupCommands } from "./stream-group.ts";
import { streamInfoCommands } from "./stream-info.ts";
import { streamPendingCommands } from "./stream-pending.ts";
import { streamReadCommands } from "./stream-read.ts";
import { stringCommands } from "./string.ts";
import { lcsCommands } from "./string-lcs.ts";
import { multipleStringCommands } from "./string-multiple.ts";
import { stringNumberCommands } from "./string-number.ts";
import { stringRangeCommands } from "./string-range.ts";
import { transactionCommands } from "./transactions.ts";
import { zsetCommands } from "./zset.ts";
import { zsetAlgebraCommands } from "./zset-algebra.ts";
import { zsetPopCommands } from "./zset-pop.ts";
import { zsetRandomCommands } from "./zset-random.ts";
import { zsetRangeCommands } from "./zset-range.ts";
import { zsetRemoveCommands } from "./zset-remove.ts";

/** All command families; the order is that of the documentation page. */
export const commandFamilies = [
  connectionCommands,
  transactionCommands,
  serverCommands,
  aclCommands,
  pubsubCommands,
  infoCommands,
  scriptingCommands,
  functionCommands,
  memoryCommands,
  latencyCommands,
  debugCommands,
  configCommands,
  commandCommands,
  clientCommands,
  clusterCommands,
  databaseCommands,
  keyCommands,
  moveCommands,
  dumpCommands,
  migrateCommands,
  replicationCommands,
  scanCommands,
  objectCommands,
  expireCommands,
  sortCommands,
  stringCommands,
  multipleStringCommands,
  stringNumberCommands,
  stringRangeCommands,
  lcsCommands,
  bitmapCommands,
  bitfieldCommands,
  hyperloglogCommands,
  hashCommands,
  hashNumberCommands,
  randomFieldCommands,
  listCommands,
  listPopCommands,
  setCommands,
  setAlgebraCommands,
  randomMemberCommands,
  zsetCommands,
  zsetRemoveCommands,
  zsetRangeCommands,
  zsetRandomCommands,
  zsetPopCommands,
  zsetAlgebraCommands,
  geoCommands,
  geoSearchCommands,
  streamCommands,
  streamReadCommands,
  streamGroupCommands,
  streamPendingCommands,
  streamClaimCommands,
  streamInfoCommands,
];
