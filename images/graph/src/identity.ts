/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
/** What clients that ask for Neo4j's version are told; drivers look for features by it. */
export const neo4jVersion = "5.26.0";
/** Python's and Java's drivers refuse what does not begin so. */
export const serverAgent = `Neo4j/${neo4jVersion} (WeftKit ${weftkitVersion})`;
/** The one database. */
export const databaseName = "neo4j";
