/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
/** "WKVE": names the engine in its database file. */
export const applicationId = 0x574b_5645;
