/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
/** "WKFS": names the engine in its database file. */
export const applicationId = 0x574b_4653;
