import { pathToFileURL } from "node:url";

// What each of several programs begins with: when the process that started it is gone, however it went, this one ends too, and
// saves everything before. The channel to it is for that alone.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

// The program is the first argument, and finds its own where every program does.
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]!).href);
