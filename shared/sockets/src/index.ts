export { FramedConnection, type FrameEvents, type FrameLength } from "./framed-connection.ts";
export { InputBuffers } from "./input-buffers.ts";
export { NativeSockets, type SocketsTurn, socketsSupport } from "./native-sockets.ts";
export { OutputQueue } from "./output-queue.ts";
export { SocketGroup } from "./socket-group.ts";
export { StreamTransport } from "./stream-transport.ts";
export type { Transport, TransportEvents } from "./transport.ts";
