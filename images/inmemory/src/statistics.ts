/** Counters since the start, as INFO shows them. */
export class Statistics {
  readonly startedAt = Date.now();
  keyspaceHits = 0;
  keyspaceMisses = 0;
  expiredKeys = 0;
  authenticationFailures = 0;
  pubsubMessages = 0;
  evictedKeys = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  inputBytes = 0;
  outputBytes = 0;
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  errorReplies = new Map<string, number>();
}
