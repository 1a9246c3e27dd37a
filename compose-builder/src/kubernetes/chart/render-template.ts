import { renderYaml } from "../base.ts";
import type { ChartSettings, Expression } from "./chart-settings.ts";

const indentStep = 2;

/** Objects with marks as a template of a chart. */
export function renderTemplate(objects: readonly object[], settings: ChartSettings): string {
  return objects
    .map((object) =>
      renderYaml(object)
        .split("\n")
        .map((line) => renderLine(line, settings))
        .join("\n"),
    )
    .join("---\n");
}

function renderLine(line: string, settings: ChartSettings): string {
  const [, indent = "", lone] = /^( *)(?:- )?⟪(\d+)⟫(?:: null)?$/.exec(line) ?? [];
  const loneMark = lone === undefined ? undefined : settings.expression(Number(lone));
  if (loneMark !== undefined && loneMark.kind !== "inline") return renderWhole(indent, loneMark);
  const [, before = "", value] = /^( *(?:- )*[^:⟪]+:) ⟪(\d+)⟫$/.exec(line) ?? [];
  const mark = value === undefined ? undefined : settings.expression(Number(value));
  if (mark?.kind === "block") {
    const depth = before.search(/[^ -]/) + indentStep;
    return `${before}\n${" ".repeat(depth)}{{- toYaml ${mark.code} | nindent ${depth} }}`;
  }
  if (mark?.kind === "inline" && mark.isText) return `${before} {{ ${mark.code} | quote }}`;
  return line.replace(/⟪(\d+)⟫/g, (_, number) => {
    const expression = settings.expression(Number(number));
    if (expression.kind !== "inline") throw new RangeError(`${expression.kind} within a line: ${line}`);
    return `{{ ${expression.code} }}`;
  });
}

/** A mark that has a line of its own. */
function renderWhole(indent: string, expression: Exclude<Expression, { kind: "inline" }>): string {
  const { kind, code } = expression;
  switch (kind) {
    case "line":
      return `${indent}{{- ${code} }}`;
    case "merge":
      return `${indent}{{- with ${code} }}\n${indent}{{- toYaml . | nindent ${indent.length} }}\n${indent}{{- end }}`;
    case "optional": {
      const { field, isText } = expression;
      const value = isText
        ? `${field}: {{ . | quote }}`
        : `${field}:\n${indent}  {{- toYaml . | nindent ${indent.length + indentStep} }}`;
      return `${indent}{{- with ${code} }}\n${indent}${value}\n${indent}{{- end }}`;
    }
    case "block":
      throw new RangeError("a block needs a field");
  }
}
