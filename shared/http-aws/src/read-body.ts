import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AwsError } from "./aws-error.ts";

const unzip = promisify(gunzip);
const empty = Buffer.alloc(0);

/** A body of which no byte comes for this long is given up. */
const idleMs = 15_000;

/**
 * Calls back with all of a request's body, or with what is wrong with it. Callbacks, because most bodies arrive with
 * their headers, and a promise for each request costs more than reading it.
 */
export function readBody(
  message: IncomingMessage,
  bytesMax: number,
  done: (error: AwsError | undefined, body: Buffer) => void,
): void {
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  let length = 0;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const finish = (error: AwsError | undefined) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (error !== undefined) {
      // What still arrives is dropped, so that the client gets to read the answer.
      message.removeAllListeners("data");
      message.resume();
      done(error, empty);
      return;
    }
    const body = rest === undefined ? (first ?? empty) : Buffer.concat(rest, length);
    if (message.headers["content-encoding"] === "gzip") unzipBody(body, bytesMax, done);
    else done(undefined, body);
  };
  if (Number(message.headers["content-length"] ?? 0) > bytesMax) {
    finish(tooLarge());
    return;
  }
  message.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > bytesMax) {
      finish(tooLarge());
      return;
    }
    if (first === undefined) first = chunk;
    else if (rest === undefined) rest = [first, chunk];
    else rest.push(chunk);
    // Only a body in several pieces can stall.
    if (timer === undefined) timer = setTimeout(() => finish(stalled()), idleMs);
    else timer.refresh();
  });
  message.on("end", () => finish(undefined));
  message.on("error", () => {
    isOver = true;
    clearTimeout(timer);
  });
}

async function unzipBody(
  body: Buffer,
  bytesMax: number,
  done: (error: AwsError | undefined, body: Buffer) => void,
): Promise<void> {
  let plain: Buffer;
  try {
    plain = await unzip(body, { maxOutputLength: bytesMax });
  } catch (error) {
    const isTooLarge = (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
    done(
      isTooLarge ? tooLarge() : AwsError.service("SerializationException", "the body is not valid gzip"),
      empty,
    );
    return;
  }
  done(undefined, plain);
}

function tooLarge(): AwsError {
  return AwsError.service("RequestEntityTooLargeException", "Request body is too large", 413);
}

function stalled(): AwsError {
  return AwsError.service("RequestTimeoutException", "The request did not arrive in time", 408);
}
