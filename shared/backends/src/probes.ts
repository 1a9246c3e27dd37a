import type { Socket } from "node:net";
import type { EngineName } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";
import { addressOf, type Backend } from "./backend.ts";
import { type BackendTls, connect, secure } from "./connect.ts";

/** Looks after one backend once; rejects with why it is not well. */
export type Probe = (backend: Backend, timeoutMs: number, signal: AbortSignal) => Promise<void>;

/** What is sent to find out whether a server of a protocol answers at all, without logging in. */
interface Question {
  readonly send: Buffer;
  /** Whether the answer so far is one: undefined while it is too short. */
  readonly isAnswer: (bytes: Buffer) => boolean | undefined;
  readonly alpn?: readonly string[];
}

/** SSLRequest: length 8, code 1234.5679; the answer is one letter. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

const postgres: Question = {
  send: sslRequest,
  isAnswer: (bytes) => (bytes.length === 0 ? undefined : "SN".includes(String.fromCharCode(bytes[0]!))),
};

/** `-NOAUTH` is an answer as well: somebody is there. `-LOADING` is not. */
const resp: Question = {
  send: Buffer.from("PING\r\n"),
  isAnswer: (bytes) => {
    if (!bytes.includes("\r\n")) return bytes.length > 512 ? false : undefined;
    return bytes[0] === 0x2b || bytes.toString("latin1", 0, 7) === "-NOAUTH";
  },
};

/** OP_MSG with `{ hello: 1, $db: "admin" }`. */
const mongo: Question = {
  send: helloMessage(),
  isAnswer: (bytes) => (bytes.length < 16 ? undefined : bytes.readInt32LE(12) === 2013),
};

/** Magic and one proposal: any 5.x, else 4.4. The answer is a version, or zeros when it has none of these. */
const bolt: Question = {
  send: Buffer.from("6060b0170008080500000404000000000000000000", "hex").subarray(0, 20),
  isAnswer: (bytes) => (bytes.length < 4 ? undefined : bytes.readUInt32BE(0) !== 0),
};

const http: Question = {
  send: Buffer.from("GET / HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n"),
  isAnswer: (bytes) => {
    if (bytes.length < 12) return undefined;
    return /^HTTP\/1\.[01] [1-4]/.test(bytes.toString("latin1", 0, 12));
  },
  alpn: ["http/1.1"],
};

/** The preface of HTTP/2 with empty SETTINGS; the answer begins with the server's SETTINGS. */
const http2: Question = {
  send: Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]),
  isAnswer: (bytes) => (bytes.length < 9 ? undefined : bytes[3] === 4),
  alpn: ["h2"],
};

const questions: Readonly<Record<EngineName, Question>> = {
  relational: postgres,
  inmemory: resp,
  document: mongo,
  graph: bolt,
  keyvalue: http,
  markdown: http,
  filestore: http,
  vector: http2,
};

/** Whether a connection can be made. */
export const tcpProbe: Probe = async (backend, timeoutMs, signal) => {
  (await connect(backend, { timeoutMs, signal })).destroy();
};

/**
 * Whether somebody answers in the engine's protocol, in TLS where the backend wants it.
 *
 * @param preamble what a backend must be sent before anything else, as a PROXY header
 */
export function protocolProbe(tls: BackendTls, preamble?: (backend: Backend) => Buffer | undefined): Probe {
  return async (backend, timeoutMs, signal) => {
    const question = questions[backend.engine];
    const startedMs = performance.now();
    const plain = await connect(backend, { timeoutMs, signal });
    const first = preamble?.(backend);
    if (first !== undefined) plain.write(first);
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedMs));
    // PostgreSQL asks for TLS in plain text, and its answer is all that is asked for.
    const isPlain = !backend.tls || backend.engine === "relational";
    const socket = isPlain
      ? plain
      : await secure(plain, backend, { timeoutMs: leftMs, signal, tls, alpn: question.alpn });
    await ask(socket, question, backend, leftMs, signal);
  };
}

function ask(
  socket: Socket,
  question: Question,
  backend: Backend,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const address = addressOf(backend);
  const fail = (reason: string) => reject(new WeftkitError("probe_failed", `${address} ${reason}`));
  let answer = Buffer.alloc(0);
  const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
  const abort = () => fail("was not waited for");
  signal.addEventListener("abort", abort, { once: true });
  socket.on("error", (error: NodeJS.ErrnoException) => fail(`hung up: ${error.code ?? error.message}`));
  socket.on("close", () => fail("hung up"));
  socket.on("data", (bytes: Buffer) => {
    answer = Buffer.concat([answer, bytes]);
    const isAnswer = question.isAnswer(answer);
    if (isAnswer === true) resolve();
    else if (isAnswer === false) fail(`does not speak ${backend.engine}'s protocol, or is not ready`);
  });
  socket.write(question.send);
  socket.resume();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    socket.destroy();
  });
}

function helloMessage(): Buffer {
  const document = Buffer.concat([
    Buffer.from([0x10]),
    Buffer.from("hello\0"),
    Buffer.from([1, 0, 0, 0, 0x02]),
    Buffer.from("$db\0"),
    Buffer.from([6, 0, 0, 0]),
    Buffer.from("admin\0"),
    Buffer.from([0]),
  ]);
  const message = Buffer.alloc(16 + 4 + 1 + 4);
  message.writeInt32LE(message.length + document.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2013, 12);
  message.writeInt32LE(document.length + 4, 21);
  return Buffer.concat([message, document]);
}
