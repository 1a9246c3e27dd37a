export type Entry = string | { readonly in: string; readonly out: string };

export function bundle(folder: string, entries: readonly Entry[], outdir: string): Promise<void>;
