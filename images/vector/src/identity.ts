/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
/** "WKVE": names the engine in its database file. */
export const applicationId = 0x574b_5645;
/** The version of Qdrant whose interfaces are served: its clients ask for it. */
export const qdrantVersion = "1.19.0";
