import { connectionCommands } from "./connection.ts";
import { stringCommands } from "./string.ts";

/** All command families; the order is that of the documentation page. */
export const commandFamilies = [connectionCommands, stringCommands];
