import { Document, isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import type { ChartValue } from "./chart-settings.ts";

/** values.yaml: every value with what it means. */
export function renderValues(values: readonly ChartValue[]): string {
  const document = new Document(treeOf(values), { aliasDuplicateObjects: false });
  for (const { path, doc } of values) {
    const parent = document.getIn(path.slice(0, -1), true) as YAMLMap;
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) as Pair;
    if (isScalar(pair.key)) pair.key.commentBefore = ` ${doc}`;
  }
  const { contents } = document;
  if (isMap(contents)) {
    for (const { key } of contents.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  return document.toString({ lineWidth: 0 });
}

type Tree = { [name: string]: unknown };

function treeOf(values: readonly ChartValue[]): Tree {
  const tree: Tree = {};
  for (const { path, fallback } of values) {
    let parent = tree;
    for (const name of path.slice(0, -1)) {
      parent[name] ??= {};
      parent = parent[name] as Tree;
    }
    parent[path.at(-1)!] = fallback;
  }
  return tree;
}

interface ObjectSchema {
  type: "object";
  additionalProperties: false;
  properties: Record<string, object>;
}

/** values.schema.json: a value that no template reads is a mistake, which Helm tells. */
export function renderSchema(title: string, values: readonly ChartValue[]): string {
  const root = emptySchema();
  // Helm's own, for charts that have this one as a part.
  root.properties.global = { type: "object" };
  for (const { path, doc, schema } of values) {
    let parent = root;
    for (const name of path.slice(0, -1)) {
      parent.properties[name] ??= emptySchema();
      parent = parent.properties[name] as ObjectSchema;
    }
    parent.properties[path.at(-1)!] = { description: doc, ...schema };
  }
  const document = { $schema: "https://json-schema.org/draft-07/schema#", title, ...root };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function emptySchema(): ObjectSchema {
  return { type: "object", additionalProperties: false, properties: {} };
}
