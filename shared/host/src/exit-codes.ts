/** How an image ends, by sysexits(3); orchestrators and people tell by it what to do next. */
export const exitCodes = {
  /** Everything is saved. */
  ok: 0,
  /** The surroundings do not allow a start: port taken, data dir locked or not writable. */
  unavailable: 69,
  /** A defect; the log's last line says which. */
  software: 70,
  /** Something acknowledged may not be saved outside this process's memory. */
  unsaved: 75,
  /** The configuration has mistakes, which are listed on standard error. */
  config: 78,
} as const;
