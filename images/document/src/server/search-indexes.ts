import { MongoError } from "../errors.ts";

/** @throws MongoError 31082 */
export function refuseSearchIndexes(): never {
  throw new MongoError(
    31082,
    "Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable. This server has indexes for $text.",
  );
}
