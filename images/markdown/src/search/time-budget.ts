/**
 * A bound on what a search may cost, in processor time of its thread: so that a machine which is busy with other things
 * makes searches slower, but does not change what they find.
 */
export class TimeBudget {
  readonly #endUs: number;

  constructor(ms: number) {
    this.#endUs = processorTimeUs() + ms * 1000;
  }

  get isSpent(): boolean {
    return processorTimeUs() > this.#endUs;
  }
}

function processorTimeUs(): number {
  // Node 22 knows only the time of all threads together.
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return user + system;
}
