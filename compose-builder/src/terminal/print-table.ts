import { paint } from "./paint.ts";

/** Prints names and values, the names in a column of their own. */
export function printTable(rows: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  for (const [name, value] of rows) {
    process.stdout.write(`${paint(process.stdout, "bold", name.padEnd(width))}${value}\n`);
  }
}

/** Prints rows in columns, the first row as their head; numbers stand to the right where `right` says so. */
export function printColumns(rows: readonly (readonly string[])[], right: readonly boolean[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const [index, row] of rows.entries()) {
    const cells = row.map((cell, column) =>
      right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    const line = cells.join("  ").trimEnd();
    process.stdout.write(`${index === 0 ? paint(process.stdout, "bold", line) : line}\n`);
  }
}
