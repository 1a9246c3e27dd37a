export type { ChannelOptions } from "./channel.ts";
export type { ReplicaPosition } from "./messages.ts";
export { piecesAfter, type SendOptions, sendPieces } from "./primary.ts";
export { receivePieces } from "./replica.ts";
export { ReplicaSpool, type SpoolOptions } from "./spool.ts";
