/** A number as C's `printf("%.*g")` writes it. */
export function formatG(value: number, precision: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isSafeInteger(value) && Math.abs(value) < 1e9 && precision >= 9)
    return Object.is(value, -0) ? "-0" : String(value);
  const [mantissa, power] = value.toExponential(precision - 1).split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= precision) {
    const sign = exponent < 0 ? "-" : "+";
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = trimmed(value.toFixed(Math.max(0, precision - 1 - exponent)));
  return Object.is(value, -0) ? "-0" : text;
}

function trimmed(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
