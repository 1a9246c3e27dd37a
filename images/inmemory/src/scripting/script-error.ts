/** Why a script cannot be run: the whole error that the client is answered. */
export class ScriptError extends Error {}
