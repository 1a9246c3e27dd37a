import type { Duplex } from "node:stream";

/** How every HTTP/2 connection of a client begins (RFC 9113, section 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** As many bytes of it tell it from every method of HTTP/1. */
const decisiveBytes = 4;
const settleTimeoutMs = 15_000;

/**
 * Which protocol the client of a paused connection speaks: its first bytes say so, and are given back to the socket. Undefined
 * when it leaves, or says nothing for too long.
 */
export function settleProtocol(socket: Duplex): Promise<"http2" | "http1" | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(undefined), settleTimeoutMs);
    const settle = (protocol: "http2" | "http1" | undefined) => {
      clearTimeout(timer);
      socket.off("readable", look);
      socket.off("end", gone);
      socket.off("close", gone);
      if (protocol === undefined) socket.destroy();
      resolve(protocol);
    };
    const gone = () => settle(undefined);
    const look = () => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      socket.unshift(bytes);
      const length = Math.min(bytes.length, decisiveBytes);
      if (!bytes.subarray(0, length).equals(preface.subarray(0, length))) settle("http1");
      else if (length === decisiveBytes) settle("http2");
    };
    socket.on("end", gone);
    socket.on("close", gone);
    socket.on("readable", look);
    look();
  });
}
