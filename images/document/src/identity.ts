/** The version of this product, which is not the version of MongoDB that clients are told. */
export const weftkitVersion = "0.1.0";

/** "WFTD", in the database file. */
export const applicationId = 0x57465444;

/** What `buildInfo` and `hello` say: the release whose behaviour this is held to. */
export const mongoVersion = { text: "8.0.12", array: [8, 0, 12, 0], wireMin: 0, wireMax: 25 } as const;

/** One server is all there is; drivers want to see a replica set before they use transactions and change streams. */
export const replicaSetName = "rs0";
