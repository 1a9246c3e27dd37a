// A thread that searches, or builds, in the memories of indexes (index-threads.ts).
import { parentPort } from "node:worker_threads";
import { type Kernel, kernelOf, type SharedMemory } from "./kernel.ts";
import type { FromIndexThread, SearchOrder, SearchResult, ToIndexThread } from "./messages.ts";
import { saveIndex } from "./save-index.ts";

/** A step of building takes about so long, so that a message is not kept waiting. */
const stepMs = 40;
const buildNodes = 16;
const purgeNodes = 64;

interface Attached {
  readonly memory: SharedMemory;
  readonly kernel: Kernel;
  readonly vectorBytes: number;
}

const port = parentPort!;
const indexes = new Map<number, Attached>();

port.on("message", (message: ToIndexThread) => {
  switch (message.do) {
    case "attach": {
      const { memory, vectorBytes } = message;
      indexes.set(message.index, { memory, vectorBytes, kernel: kernelOf(memory) });
      return;
    }
    case "detach":
      indexes.delete(message.index);
      return;
    case "search":
      say({ say: "found", results: message.orders.map(search) });
      return;
    default:
      try {
        say({ say: "done", id: message.id, value: work(message) });
      } catch (error) {
        say({ say: "failed", id: message.id, message: String(error) });
      }
  }
});

function say(message: FromIndexThread): void {
  port.postMessage(message);
}

function attached(index: number): Attached {
  const one = indexes.get(index);
  if (one === undefined) throw new Error(`index ${index} is not attached`);
  return one;
}

/** A view of the memory, which another thread may have made larger. */
function bufferOf({ memory }: Attached, end: number): SharedArrayBuffer {
  if (memory.buffer.byteLength < end) memory.grow(0);
  return memory.buffer;
}

function search({ id, index, scratch, k, ef, filter, budget, query }: SearchOrder): SearchResult {
  const one = attached(index);
  const end = Math.max(scratch.query + one.vectorBytes, scratch.results + (Math.max(k, ef) + 1) * 8);
  const place = new Float32Array(bufferOf(one, end), scratch.query, one.vectorBytes / 4);
  place.fill(0);
  place.set(query);
  const { kernel } = one;
  const count =
    ef === 0 ? kernel.scan(scratch.at, k, filter) : kernel.search(scratch.at, k, ef, filter, budget);
  const size = Math.max(count, 0);
  const words = new Uint32Array(bufferOf(one, end), scratch.results, 2 * size);
  const floats = new Float32Array(words.buffer, scratch.results, 2 * size);
  const nodes = new Uint32Array(size);
  const distances = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    distances[i] = floats[2 * i]!;
    nodes[i] = words[2 * i + 1]!;
  }
  return { id, count, nodes, distances };
}

function work(message: Exclude<ToIndexThread, { do: "attach" | "detach" | "search" }>): number {
  const one = attached(message.index);
  const { kernel } = one;
  const untilMs = performance.now() + stepMs;
  switch (message.do) {
    case "build": {
      let left: number;
      do left = kernel.build(message.scratch, buildNodes);
      while (left > 0 && performance.now() < untilMs);
      return left;
    }
    case "beginPurge":
      return kernel.beginPurge(message.nodes);
    case "purge": {
      let at = message.from;
      while (at < message.to && performance.now() < untilMs) {
        const to = Math.min(at + purgeNodes, message.to);
        kernel.purge(message.scratch, at, to);
        at = to;
      }
      return at;
    }
    case "endPurge":
      return kernel.endPurge(message.nodes);
    case "save":
      saveIndex(new Uint8Array(bufferOf(one, message.end), 0, message.end), message.file, message.meta);
      return 0;
  }
}
