import { setTimeout as delay } from "node:timers/promises";
import { patientMs } from "./patience.ts";

/**
 * Waits until an HTTP server answers, with whatever status.
 *
 * @param hasEnded what to say when its program has ended instead
 */
export async function untilAnswers(url: string, hasEnded: () => string | undefined): Promise<void> {
  const endsAt = performance.now() + patientMs(30_000);
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) {
      await response.arrayBuffer();
      return;
    }
    const why = hasEnded() ?? (performance.now() > endsAt ? "it does not answer" : undefined);
    if (why !== undefined) throw new Error(`${url}: ${why}`);
    await delay(50);
  }
}
