import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { OutputQueue } from "./output-queue.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** The part of Node's TCP handle that is used here. */
interface Handle {
  onread: () => void;
  useUserBuffer(buffer: Buffer): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  shutdown(request: object): number;
  close(done?: () => void): void;
}

interface WriteRequest {
  oncomplete: ((status: number) => void) | undefined;
  buffer?: Buffer;
}

interface StreamBinding {
  WriteWrap: new () => WriteRequest;
  ShutdownWrap: new () => { oncomplete: (status: number) => void };
  streamBaseState: Int32Array;
  kReadBytesOrError: number;
  kLastWriteWasAsync: number;
}

/** libuv's UV_EOF, the same on all systems. */
const END_OF_FILE = -4095;
const READ_BUFFER_BYTES = 128 << 10;

/** Node's own stream binding, if this Node still has it in the shape used here. */
const binding = loadBinding();
/** All handles read into this buffer: a read is delivered before the next one starts. */
const readBuffer = Buffer.allocUnsafeSlow(binding === undefined ? 0 : READ_BUFFER_BYTES);

function loadBinding(): StreamBinding | undefined {
  const load = (process as unknown as { binding?: (name: string) => unknown }).binding;
  try {
    const found = load?.("stream_wrap") as Partial<StreamBinding> | undefined;
    const isComplete =
      typeof found?.WriteWrap === "function" &&
      typeof found.ShutdownWrap === "function" &&
      found.streamBaseState !== undefined &&
      typeof found.kReadBytesOrError === "number" &&
      typeof found.kLastWriteWasAsync === "number";
    return isComplete ? (found as StreamBinding) : undefined;
  } catch {
    // Not offered by this Node: the stream transport serves all sockets.
    return undefined;
  }
}

/** Takes the handle out of a paused plain TCP socket; undefined when the socket is another kind or Node differs. */
export function takeHandle(socket: Duplex): HandleTransport | undefined {
  if (binding === undefined || !(socket instanceof Socket) || "encrypted" in socket) return undefined;
  const owner = socket as unknown as { _handle: Partial<Handle> | null };
  const handle = owner._handle;
  if (
    typeof handle?.useUserBuffer !== "function" ||
    typeof handle.writeBuffer !== "function" ||
    typeof handle.readStart !== "function"
  ) {
    return undefined;
  }
  owner._handle = null;
  return new HandleTransport(handle as Handle, binding);
}

/** A transport directly on a TCP handle. */
export class HandleTransport implements Transport {
  readonly #handle: Handle;
  readonly #binding: StreamBinding;
  #events: TransportEvents | undefined;
  #request: WriteRequest;
  /** Bytes waiting behind the write that the kernel did not take whole. */
  readonly #queue = new OutputQueue();
  #inFlight = 0;
  #isClosed = false;
  #isEnding = false;

  constructor(handle: Handle, streamBinding: StreamBinding) {
    this.#handle = handle;
    this.#binding = streamBinding;
    this.#request = this.#newRequest();
  }

  start(events: TransportEvents): void {
    this.#events = events;
    const { streamBaseState, kReadBytesOrError } = this.#binding;
    this.#handle.useUserBuffer(readBuffer);
    this.#handle.onread = () => {
      const count = streamBaseState[kReadBytesOrError]!;
      if (count > 0) events.data(readBuffer, 0, count);
      else if (count === END_OF_FILE) events.ended();
      else if (count < 0) this.destroy();
    };
    this.#handle.readStart();
  }

  send(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    if (this.#inFlight > 0) return this.#queue.push(bytes);
    return this.#write(bytes);
  }

  get unsentBytes(): number {
    return this.#inFlight + this.#queue.bytes;
  }

  pause(): void {
    if (!this.#isClosed) this.#handle.readStop();
  }

  resume(): void {
    if (!this.#isClosed) this.#handle.readStart();
  }

  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    if (this.#inFlight === 0) this.#shutdown();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.clear();
    this.#handle.onread = ignoreRead;
    this.#handle.close();
    this.#events?.closed();
  }

  #write(bytes: Buffer): boolean {
    const request = this.#request;
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) {
      this.destroy();
      return true;
    }
    if (this.#binding.streamBaseState[this.#binding.kLastWriteWasAsync] === 0) return true;
    // The kernel's buffer is full: the request keeps the bytes until `oncomplete`.
    request.buffer = bytes;
    this.#inFlight = bytes.length;
    return false;
  }

  #newRequest(): WriteRequest {
    const request = new this.#binding.WriteWrap();
    request.oncomplete = (status) => {
      this.#inFlight = 0;
      this.#request = this.#newRequest();
      if (this.#isClosed) return;
      if (status < 0) {
        this.destroy();
        return;
      }
      while (!this.#queue.isEmpty && this.#inFlight === 0 && !this.#isClosed) {
        this.#write(this.#queue.shift()!);
      }
      if (this.#inFlight > 0 || this.#isClosed) return;
      if (this.#isEnding) this.#shutdown();
      else this.#events?.drained();
    };
    return request;
  }

  #shutdown(): void {
    const request = new this.#binding.ShutdownWrap();
    request.oncomplete = () => this.destroy();
    if (this.#handle.shutdown(request) !== 0) this.destroy();
  }
}

/** What a closed handle calls; Node insists on a function. */
function ignoreRead(): void {}
