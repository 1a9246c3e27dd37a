import { startProgress } from "../terminal/progress.ts";
import type { Copied, Destination } from "./destination.ts";
import type { Source } from "./parts.ts";

/** Copies everything, with a bar that says how far it is; what is half done when it fails is given up. */
export async function copyAll(
  what: string,
  source: Source,
  destination: Destination,
  { isSilent, signal }: { readonly isSilent: boolean; readonly signal: AbortSignal },
): Promise<Copied> {
  const progress = startProgress(what, source.total, isSilent, source.unit);
  try {
    for await (const { part, units } of source.parts()) {
      signal.throwIfAborted();
      await destination.add(part);
      progress.add(units);
    }
    await destination.end();
    return destination.copied;
  } catch (error) {
    destination.abandon();
    throw error;
  } finally {
    progress.end();
  }
}
