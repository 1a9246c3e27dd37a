/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
