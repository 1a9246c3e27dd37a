/** Commands can put words of clients into error texts: the table of codes must not grow with them. */
const ERROR_CODES_MAX = 128;

/** Counters since the start, as INFO shows them. */
export class Statistics {
  startedAt = Date.now();
  keyspaceHits = 0;
  keyspaceMisses = 0;
  expiredKeys = 0;
  authenticationFailures = 0;
  /** Commands that a user might not run, by what was not allowed. */
  readonly denied = { command: 0, key: 0, channel: 0 };
  pubsubMessages = 0;
  evictedKeys = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  inputBytes = 0;
  outputBytes = 0;
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  /** Errors by their code, at most ERROR_CODES_MAX different ones. */
  errorReplies = new Map<string, number>();
  peakMemory = 0;
  operationsPerSecond = 0;
  #countedCommands = 0;
  #countedAt = 0;

  /** Counts an error reply by its first word. */
  countError(text: string): void {
    const code = text.slice(0, Math.max(text.indexOf(" "), 0) || text.length);
    const count = this.errorReplies.get(code);
    if (count === undefined && this.errorReplies.size >= ERROR_CODES_MAX) return;
    this.errorReplies.set(code, (count ?? 0) + 1);
  }

  /** Brings the rate of commands up to date; called a few times a second. */
  measure(now: number): void {
    const elapsedMs = now - this.#countedAt;
    if (elapsedMs < 1000) return;
    if (this.#countedAt > 0) {
      this.operationsPerSecond = Math.round(
        ((this.commandsProcessed - this.#countedCommands) * 1000) / elapsedMs,
      );
    }
    this.#countedAt = now;
    this.#countedCommands = this.commandsProcessed;
  }
}
