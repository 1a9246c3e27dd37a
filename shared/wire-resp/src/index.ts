export { type Command, readCommand } from "./command.ts";
export { ReplyScanner } from "./reply-scanner.ts";
export { isWireError, violation, type WireError } from "./violation.ts";
export { command } from "./write.ts";
