import { Doc, type Value } from "../bson/values.ts";
import { expressionContext } from "../expressions/context.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression, requireVariableName } from "../expressions/parse.ts";
import { collationOption } from "../query/collation-options.ts";
import { rolesOf } from "../server/access/stored-user.ts";
import type { Call } from "../server/command.ts";
import { requireAction } from "../server/rights.ts";
import type { StageContext } from "../stages/stage.ts";
import type { Collection } from "../storage/collection.ts";

/** The context of a command's expressions: its collation or its collection's, and its variables. */
export function contextOf(
  call: Call,
  body: Doc,
  collection: Collection | undefined,
  constants: Value | undefined = body.get("let"),
): ExpressionContext {
  const asked = collationOption(body.get("collation"));
  const collation = asked === "simple" ? undefined : (asked ?? collection?.collation);
  const asOfMs = (call.transaction ?? call.point)?.asOfMs;
  const context = expressionContext({
    collation,
    userRoles: rolesOf(call.user),
    ...(asOfMs !== undefined && { asOfMs }),
  });
  return constants instanceof Doc ? withConstants(context, constants) : context;
}

/** The variables of `let`: expressions that name no field, unless there is a document that they are of. */
export function withConstants(context: ExpressionContext, constants: Doc, root?: Doc): ExpressionContext {
  const variables = new Map(context.variables);
  const inner = { ...context, variables };
  for (const [name, value] of constants) {
    requireVariableName(name, true);
    const { evaluate } = parseExpression(value, context);
    const slots: (Value | undefined)[] = [];
    for (const [slot, known] of context.values) slots[slot] = known;
    const slot = context.slots.count++;
    variables.set(name, slot);
    context.values.set(slot, evaluate({ root, slots }));
  }
  return inner;
}

export function stageContext(call: Call, expressions: ExpressionContext): StageContext {
  return {
    expressions,
    db: call.db,
    collection: call.collection === "" ? undefined : call.collection,
    depth: 0,
    host: call.server.queries,
    user: call.user,
    authorizeRead: (db, collection) => requireAction(call.user, "read", db, collection),
  };
}
