/** The name under which the store looks for the extension, beside its own code or in native/dist. */
export const extensionName: string;
/** Compiles into `folder` (default: native/dist); returns the file, or undefined when there is no compiler. */
export function buildExtension(folder?: string): string | undefined;
