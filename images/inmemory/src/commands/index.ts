import { connectionCommands } from "./connection.ts";
import { listCommands } from "./list.ts";
import { listPopCommands } from "./list-pop.ts";
import { stringCommands } from "./string.ts";

/** All command families; the order is that of the documentation page. */
export const commandFamilies = [connectionCommands, stringCommands, listCommands, listPopCommands];
