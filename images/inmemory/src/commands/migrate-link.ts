import { connect } from "node:net";
import { writeRequest } from "../protocol/write-request.ts";

/** A server to which keys are copied, and what is known of it. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Without a sign of life for so long the copy is given up. */
  readonly timeoutMs: number;
}

/** Why a copy failed before all answers were there, as MIGRATE says it. */
export type LinkFailure = "connecting" | "writing" | "reading";

/** The answers that came, and why the rest did not. */
export interface LinkResult {
  readonly answers: readonly string[];
  readonly failure?: LinkFailure;
}

/** Longer answers than a status or an error are no answers to what is sent. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Sends requests, each of which is answered with one line, over a connection of their own. */
export function sendAll(target: Target, requests: readonly (readonly Buffer[])[]): Promise<LinkResult> {
  return new Promise((resolve) => {
    const answers: string[] = [];
    let isConnected = false;
    let partial = "";
    const socket = connect({ host: target.host, port: target.port });
    const end = (failure?: LinkFailure) => {
      socket.destroy();
      resolve(failure === undefined ? { answers } : { answers, failure });
    };
    const failed = () => end(!isConnected ? "connecting" : socket.writableLength > 0 ? "writing" : "reading");
    socket.setTimeout(target.timeoutMs, failed);
    socket.on("error", failed);
    socket.on("close", failed);
    socket.on("connect", () => {
      isConnected = true;
      socket.cork();
      for (const words of requests) writeRequest(socket, words);
      socket.uncork();
    });
    socket.on("data", (bytes) => {
      const lines = (partial + bytes.toString("latin1")).split("\r\n");
      partial = lines.pop()!;
      answers.push(...lines);
      if (answers.length >= requests.length) end();
      else if (partial.length > ANSWER_BYTES_MAX) end("reading");
    });
  });
}
