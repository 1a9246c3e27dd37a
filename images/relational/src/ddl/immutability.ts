/** Whether an expression depends on more than its columns. */
export function isNotImmutable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { kind, proc } = value as { kind?: string; proc?: { volatility: string } };
  if (kind === "var") return false;
  if (kind === "func" && proc?.volatility !== "i") return true;
  if (kind === "sqlValue") return true;
  return Object.values(value).some(isNotImmutable);
}
