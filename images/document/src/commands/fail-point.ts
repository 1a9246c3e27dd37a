import { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Command } from "../server/command.ts";

export const configureFailPoint: Command = {
  name: "configureFailPoint",
  right: "admin",
  isAdminOnly: true,
  run: ({ server, body }) => {
    if (!server.options.allowsFailPoints) throw new MongoError(59, "no such command: 'configureFailPoint'");
    server.failPoints.configure(body);
    return Doc.empty();
  },
};
