import { typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { withVariables } from "../expressions/parse.ts";
import { parseUpdatePipeline } from "../update/update-pipeline.ts";
import { defineStage } from "./registry.ts";
import type { Output, Stage } from "./stage.ts";

function outputStage(name: string, spec: Value, output: Output): Stage {
  return { name, spec, output, connect: (input) => input };
}

function requireTarget(db: string, collection: string, stage: string): void {
  if (["admin", "config", "local"].includes(db)) {
    throw new MongoError(stage === "$out" ? 31321 : 31320, `Can't ${stage} to internal database: ${db}`);
  }
  if (collection.startsWith("system.")) {
    throw new MongoError(
      stage === "$out" ? 17385 : 31319,
      `Can't ${stage} to special collection: ${collection}`,
    );
  }
  if (collection === "" || collection.includes("$") || collection.includes("\0")) {
    throw new MongoError(73, `Invalid ${stage} target namespace: ${db}.${collection}`);
  }
}

defineStage("$out", (operand, { db }) => {
  let output: Output;
  if (typeof operand === "string") output = { kind: "out", db, collection: operand };
  else if (operand instanceof Doc) {
    for (const name of operand.keys()) {
      if (!["db", "coll", "timeseries"].includes(name))
        throw new MongoError(40415, `BSON field '$out.${name}' is an unknown field.`);
    }
    const [target, coll, timeseries] = [operand.get("db"), operand.get("coll"), operand.get("timeseries")];
    if (typeof coll !== "string")
      throw new MongoError(
        coll === undefined ? 40414 : 14,
        "BSON field '$out.coll' is missing but a required field",
      );
    if (typeof target !== "string")
      throw new MongoError(
        target === undefined ? 40414 : 14,
        "BSON field '$out.db' is missing but a required field",
      );
    output = { kind: "out", db: target, collection: coll, ...(timeseries instanceof Doc && { timeseries }) };
  } else {
    throw new MongoError(
      16990,
      `$out only supports a string or object argument, but found ${typeName(operand)}`,
    );
  }
  requireTarget(output.db, output.collection, "$out");
  return outputStage("$out", operand, output);
});

const matchedModes = ["replace", "keepExisting", "merge", "fail"] as const;
const unmatchedModes = ["insert", "discard", "fail"] as const;

defineStage("$merge", (operand, context) => {
  if (typeof operand === "string") {
    requireTarget(context.db, operand, "$merge");
    return outputStage("$merge", operand, {
      kind: "merge",
      db: context.db,
      collection: operand,
      on: undefined,
      whenMatched: "merge",
      whenNotMatched: "insert",
      let: undefined,
    });
  }
  if (!(operand instanceof Doc))
    throw new MongoError(51182, `$merge only supports a string or object argument, not ${typeName(operand)}`);
  for (const name of operand.keys()) {
    if (
      ![
        "into",
        "on",
        "let",
        "whenMatched",
        "whenNotMatched",
        "targetCollectionVersion",
        "allowMergeOnNullishValues",
      ].includes(name)
    ) {
      throw new MongoError(40415, `BSON field '$merge.${name}' is an unknown field.`);
    }
  }
  const into = operand.get("into");
  let [db, collection] = [context.db, ""];
  if (typeof into === "string") collection = into;
  else if (into instanceof Doc) {
    const [target, coll] = [into.get("db"), into.get("coll")];
    if (typeof coll !== "string")
      throw new MongoError(
        51178,
        "$merge 'into' field must specify a 'coll' that is not empty, null or undefined",
      );
    if (typeof target === "string") db = target;
    collection = coll;
  } else if (into === undefined)
    throw new MongoError(40414, "BSON field '$merge.into' is missing but a required field");
  else
    throw new MongoError(
      51178,
      `$merge 'into' field must be either a string or an object, but found ${typeName(into)}`,
    );
  requireTarget(db, collection, "$merge");
  const on = onFields(operand.get("on"));
  const whenMatched = operand.get("whenMatched") ?? "merge";
  const whenNotMatched = operand.get("whenNotMatched") ?? "insert";
  if (!Array.isArray(whenMatched) && !(matchedModes as readonly Value[]).includes(whenMatched)) {
    throw typeof whenMatched === "string"
      ? new MongoError(
          2,
          `Enumeration value '${whenMatched}' for field '$merge.whenMatched' is not a valid value.`,
        )
      : new MongoError(
          51191,
          `$merge 'whenMatched' field must be either a string or an array, but found ${typeName(whenMatched)}`,
        );
  }
  if (!(unmatchedModes as readonly Value[]).includes(whenNotMatched)) {
    throw new MongoError(
      typeof whenNotMatched === "string" ? 2 : 14,
      `Enumeration value for field '$merge.whenNotMatched' is not a valid value.`,
    );
  }
  const variables = operand.get("let");
  if (variables !== undefined && !(variables instanceof Doc))
    throw new MongoError(14, "BSON field '$merge.let' is the wrong type, expected type 'object'");
  if (Array.isArray(whenMatched)) {
    const names = variables instanceof Doc ? [...variables.keys(), "new"] : ["new"];
    parseUpdatePipeline(whenMatched, withVariables(context.expressions, names).inner);
  } else if (variables !== undefined) {
    throw new MongoError(51199, `Cannot use 'let' variables with 'whenMatched: ${String(whenMatched)}' mode`);
  }
  return outputStage("$merge", operand, {
    kind: "merge",
    db,
    collection,
    on,
    whenMatched: whenMatched as (typeof matchedModes)[number] | Value[],
    whenNotMatched: whenNotMatched as (typeof unmatchedModes)[number],
    let: variables,
  });
});

function onFields(on: Value | undefined): string[] | undefined {
  if (on === undefined) return undefined;
  const fields = Array.isArray(on) ? on : [on];
  if (Array.isArray(on) && on.length === 0)
    throw new MongoError(51187, "If explicitly specifying $merge 'on', must include at least one field");
  if (!Array.isArray(on) && typeof on !== "string")
    throw new MongoError(
      51186,
      `$merge 'on' field  must be either a string or an array of strings, but found ${typeName(on)}`,
    );
  const names = fields.map((one) => {
    if (typeof one !== "string")
      throw new MongoError(51134, `$merge 'on' array elements must be strings, but found ${typeName(one)}`);
    return one;
  });
  if (new Set(names).size !== names.length)
    throw new MongoError(31465, `Found a duplicate field in the 'on' field`);
  return names;
}
