import { Doc } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Command } from "../server/command.ts";
import { flagField, isCommandField } from "../server/fields.ts";
import { describeOperation } from "../server/operation.ts";
import { mayOnCluster } from "../server/rights.ts";

/** What runs at the moment, for those who may know of it, and its end. */

const ownOptions = new Set(["currentOp", "$all", "$ownOps", "$truncateOps"]);

export const currentOp: Command = {
  name: "currentOp",
  right: "connect",
  isAdminOnly: true,
  run: ({ body, server, user }) => {
    const isOwn = flagField(body, "$ownOps");
    if (!isOwn && !mayOnCluster(user, "inprog"))
      throw new MongoError(
        13,
        "not authorized on admin to execute command { currentOp: 1 }: ask for $ownOps",
      );
    // Its other fields are what the operations are to be like.
    const like = Doc.empty();
    for (const [name, value] of body) {
      if (!ownOptions.has(name) && !isCommandField(name)) like.set(name, value);
    }
    const context = expressionContext();
    const matches = compileFilter(parseFilter(like, { context }), {
      collation: undefined,
      scope: newScope(context),
    });
    const inprog = [...server.operations.values()]
      .filter((operation) => !isOwn || operation.user.user === user.user)
      .map(describeOperation)
      .filter((operation) => matches(writeDoc(operation), 0));
    return Doc.of({ inprog });
  },
};

export const killOp: Command = {
  name: "killOp",
  right: "connect",
  isAdminOnly: true,
  run: ({ body, server, user }) => {
    const op = body.get("op");
    if (op === undefined)
      throw new MongoError(40414, "BSON field 'killOp.op' is missing but a required field");
    if (typeof op !== "number") throw new MongoError(26823, "The opid must be an int32");
    const operation = server.operations.get(op);
    // Everybody may end what is their own.
    if (operation?.user.user !== user.user && !mayOnCluster(user, "killop")) {
      throw new MongoError(
        13,
        "not authorized on admin to execute command { killOp: 1 } on others' operations",
      );
    }
    operation?.kill();
    return Doc.of({ info: "attempting to kill op" });
  },
};
