/** Sends a range of a buffer on. */
export type Emit = (buffer: Buffer, start: number, end: number) => void;

/** What looks at the bytes of one direction on their way; false when it has seen enough and need not be asked again. */
export interface Filter {
  push(buffer: Buffer, start: number, end: number, emit: Emit): boolean;
  /** Nothing more comes: what was held goes as it is. */
  end(emit: Emit): void;
}

/** What a protocol's frames are, and which of them are looked at. */
export interface Frames {
  /** So many bytes of a frame tell how long it is. */
  readonly lengthBytes: () => number;
  /** The whole length of the frame that begins so; undefined when it is none, and nothing is looked at any more. */
  readonly lengthOf: (head: Buffer) => number | undefined;
  /** So many bytes of a frame are looked at (or all of it, if it is shorter). */
  readonly lookBytes: () => number;
  /** Whether the frame is to be held until it is whole; called once for each frame, in order. */
  readonly look: (head: Buffer) => boolean;
  /** What is sent in the place of a frame that was held. */
  readonly replace: (frame: Buffer) => Buffer;
  readonly heldBytesMax: number;
}

/**
 * Lets frames pass as they come, and holds those that are to be replaced. Of a frame that passes only its head is looked at, and
 * nothing is copied unless a head comes in pieces.
 */
export class FrameFilter implements Filter {
  readonly #frames: Frames;
  /** Of the frame that is passing. */
  #left = 0;
  /** The beginning of a frame, until `#wanted` bytes of it are there. */
  #kept: Buffer | undefined;
  #wanted = 0;
  #isHeld = false;
  #isOff = false;

  constructor(frames: Frames) {
    this.#frames = frames;
  }

  /** Looks at nothing any more; what is kept goes out with the next bytes. */
  stop(): void {
    this.#isOff = true;
  }

  push(buffer: Buffer, start: number, end: number, emit: Emit): boolean {
    let at = start;
    let from = start;
    while (at < end && !this.#isOff) {
      if (this.#left > 0) {
        const passing = Math.min(this.#left, end - at);
        this.#left -= passing;
        at += passing;
        continue;
      }
      if (this.#kept === undefined) {
        const head = buffer.subarray(at, end);
        const wanted = this.#wantedOf(head);
        if (this.#isOff) break;
        if (head.length >= wanted && !this.#look(head)) continue;
        if (at > from) emit(buffer, from, at);
        const taken = this.#isHeld ? Math.min(head.length, this.#wanted) : head.length;
        this.#kept = Buffer.from(head.subarray(0, taken));
        if (!this.#isHeld) this.#wanted = wanted;
        at += taken;
      } else {
        const taken = Math.min(this.#wanted - this.#kept.length, end - at);
        this.#kept = Buffer.concat([this.#kept, buffer.subarray(at, at + taken)]);
        at += taken;
      }
      from = at;
      this.#settle(emit);
    }
    if (this.#kept !== undefined && this.#isOff) this.#letGo(emit);
    const last = this.#isOff ? end : at;
    if (last > from) emit(buffer, from, last);
    return !this.#isOff;
  }

  end(emit: Emit): void {
    if (this.#kept !== undefined) this.#letGo(emit);
    this.#isOff = true;
  }

  /** How many bytes of a frame are needed before it can be looked at. */
  #wantedOf(head: Buffer): number {
    const lengthBytes = this.#frames.lengthBytes();
    if (head.length < lengthBytes) return lengthBytes;
    const length = this.#frames.lengthOf(head);
    if (length === undefined) {
      this.#isOff = true;
      return 0;
    }
    return Math.min(length, Math.max(lengthBytes, this.#frames.lookBytes()));
  }

  /** Looks at a head; true when the frame is held. */
  #look(head: Buffer): boolean {
    const { lengthOf, lookBytes, look, heldBytesMax } = this.#frames;
    const length = lengthOf(head)!;
    this.#isHeld = look(head.subarray(0, Math.min(length, lookBytes()))) && length <= heldBytesMax;
    if (this.#isHeld) this.#wanted = length;
    else this.#left = length;
    return this.#isHeld;
  }

  /** Goes on with what is kept, if there is enough of it. */
  #settle(emit: Emit): void {
    while (this.#kept !== undefined && this.#kept.length >= this.#wanted) {
      if (this.#isHeld) {
        const replaced = this.#frames.replace(this.#kept);
        this.#kept = undefined;
        this.#isHeld = false;
        emit(replaced, 0, replaced.length);
        return;
      }
      const wanted = this.#wantedOf(this.#kept);
      if (this.#isOff) return;
      if (this.#kept.length < wanted) {
        this.#wanted = wanted;
        return;
      }
      if (this.#look(this.#kept)) continue;
      this.#left -= this.#kept.length;
      this.#letGo(emit);
    }
  }

  #letGo(emit: Emit): void {
    const kept = this.#kept!;
    this.#kept = undefined;
    emit(kept, 0, kept.length);
  }
}
