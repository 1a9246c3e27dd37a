/** The Redis version whose behaviour this engine has; clients choose their features by it. */
export const serverVersion = "7.2.6";
/** What HELLO answers as the server's name; drivers expect Redis's. */
export const serverName = "redis";
/** WeftKit's own version. */
export const weftkitVersion = "0.1.0";
