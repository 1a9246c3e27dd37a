/**
 * A limit for something that should take `ms` at most on a quiet machine, stretched as the other limits of this run are: by
 * how slow and how busy the machine was when the tests began.
 */
export function patientMs(ms: number): number {
  return ms * Number(process.env.WEFTKIT_TEST_PATIENCE ?? 4);
}
