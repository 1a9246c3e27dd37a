/** The text of the module that holds the kernel's binary. */
export function kernelModule(): Promise<string>;
