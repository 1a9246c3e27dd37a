import { paint } from "./paint.ts";
import { readableBytes, readableSpan } from "./quantities.ts";

/** How far something is that takes a while: a bar on a terminal, a line for every tenth elsewhere. */
export interface Progress {
  add(amount: number): void;
  /** Counts what was done before it began, which says nothing of how fast it is. */
  passOver(amount: number): void;
  /** Prints a line to standard output, not into the bar. */
  print(line: string): void;
  /** Takes the bar away. */
  end(): void;
}

const barWidth = 30;
const redrawMs = 100;

/** What is counted. */
export type Unit = "bytes" | "keys" | "rows";

/** Shows on standard error how much of `total` is done; nothing when `isSilent`. */
export function startProgress(
  what: string,
  total: number,
  isSilent: boolean,
  unit: Unit = "bytes",
): Progress {
  const stream = process.stderr;
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  if (isSilent || total === 0) return { add() {}, passOver() {}, print, end() {} };
  return stream.isTTY ? bar(stream, what, total, unit) : lines(stream, what, total, unit, print);
}

function readable(amount: number, unit: Unit): string {
  return unit === "bytes" ? readableBytes(amount) : `${amount.toLocaleString("en-US")} ${unit}`;
}

function bar(stream: NodeJS.WriteStream, what: string, total: number, unit: Unit): Progress {
  const startedMs = performance.now();
  let done = 0;
  let passedOver = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  const clear = () => void stream.write("\r\u001b[K");
  const draw = () => {
    const share = Math.min(1, done / total);
    const filled = Math.round(share * barWidth);
    const full = paint(stream, "green", "█".repeat(filled));
    const rest = paint(stream, "dim", "░".repeat(barWidth - filled));
    const perSecond = ((done - passedOver) * 1000) / Math.max(1, performance.now() - startedMs);
    const left =
      perSecond > 0 && done < total ? `, ${readableSpan(((total - done) / perSecond) * 1000)} left` : "";
    const numbers = `${Math.floor(share * 100)}%  ${readable(done, unit)} of ${readable(total, unit)}  ${readable(Math.round(perSecond), unit)}/s${left}`;
    // A line that wraps could not be drawn over.
    const fits = what.length + barWidth + numbers.length + 4 < (stream.columns ?? 80);
    stream.write(`\r\u001b[K${what} ${fits ? `${full}${rest} ` : ""}${numbers}`);
  };
  return {
    add(amount) {
      done += amount;
      const now = performance.now();
      if (now - drawnMs < redrawMs) return;
      drawnMs = now;
      draw();
    },
    passOver(amount) {
      done += amount;
      passedOver += amount;
    },
    print(line) {
      clear();
      process.stdout.write(`${line}\n`);
      draw();
    },
    end: clear,
  };
}

function lines(
  stream: NodeJS.WriteStream,
  what: string,
  total: number,
  unit: Unit,
  print: (line: string) => void,
): Progress {
  let done = 0;
  let told = 0;
  const add = (amount: number) => {
    done += amount;
    const tenths = Math.floor(Math.min(1, done / total) * 10);
    if (tenths === told) return;
    told = tenths;
    stream.write(`${what}: ${tenths * 10}% of ${readable(total, unit)}\n`);
  };
  return {
    add,
    passOver: add,
    print,
    end() {},
  };
}
