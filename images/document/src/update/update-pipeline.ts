import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { newScope } from "../expressions/context.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression } from "../expressions/parse.ts";
import { addFields, unsetFields } from "../query/add-fields.ts";
import { parseProjection } from "../query/projection.ts";
import type { Update } from "./update.ts";

/** An update that is a pipeline: of every document another is made. @throws MongoError */
export function parseUpdatePipeline(pipeline: readonly Value[], context: ExpressionContext): Update {
  const steps = pipeline.map((stage) => updateStage(stage, context));
  return {
    kind: "pipeline",
    usesPosition: false,
    apply: (doc) => {
      const scope = newScope(context);
      const id = doc.get("_id");
      let made = doc;
      for (const step of steps) made = step(made, scope);
      // An _id that was left out stays, and stays in front.
      if (id !== undefined && !made.has("_id")) made = Doc.from(new Map([["_id", id], ...made]));
      return made;
    },
  };
}

function updateStage(
  stage: Value,
  context: ExpressionContext,
): (doc: Doc, scope: ReturnType<typeof newScope>) => Doc {
  if (!(stage instanceof Doc))
    throw new MongoError(14, "Each element of the 'pipeline' array must be an object");
  const name = stage.firstKey;
  if (name === undefined || stage.size !== 1) {
    throw new MongoError(40323, "A pipeline stage specification object must contain exactly one field.");
  }
  const operand = stage.get(name)!;
  switch (name) {
    case "$set":
    case "$addFields":
      if (!(operand instanceof Doc))
        throw new MongoError(40272, `${name} specification stage must be an object`);
      return addFields(operand, context, name);
    case "$unset":
      return unsetFields(operand);
    case "$project":
      if (!(operand instanceof Doc)) throw new MongoError(15969, "$project specification must be an object");
      return parseProjection(operand, { context, isFind: false, isStage: true });
    case "$replaceRoot":
    case "$replaceWith": {
      const body =
        name === "$replaceRoot" ? (operand instanceof Doc ? operand.get("newRoot") : undefined) : operand;
      if (body === undefined)
        throw new MongoError(40229, "expected an object as specification for $replaceRoot stage");
      const { evaluate } = parseExpression(body, context);
      return (doc, scope) => {
        scope.root = doc;
        const root = evaluate(scope);
        if (!(root instanceof Doc)) {
          throw new MongoError(40228, "'newRoot' expression  must evaluate to an object");
        }
        return root;
      };
    }
    default:
      throw new MongoError(72, `Stage ${name} is not allowed to be used within an update`);
  }
}
