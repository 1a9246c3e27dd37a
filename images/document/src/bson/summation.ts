import * as decimal from "./decimal-arithmetic.ts";
import { Decimal128 } from "./decimal128.ts";
import { isInt32, isInt64, toDecimal } from "./numbers.ts";
import { Double, type Numeric } from "./values.ts";

/**
 * A sum as MongoDB makes it: integers exactly, doubles with what rounding lost beside them, decimals as decimals; the result has the
 * widest of the types that were added.
 */
export class Summation {
  #whole = 0n;
  #double = 0;
  #lost = 0;
  #decimal: Decimal128 | undefined;
  #isLong = false;
  #isDouble = false;
  count = 0;

  add(value: Numeric): void {
    this.count++;
    if (typeof value === "number") this.#whole += BigInt(value);
    else if (typeof value === "bigint") {
      this.#isLong = true;
      this.#whole += value;
    } else if (value instanceof Double) {
      this.#isDouble = true;
      this.#addDouble(value.value);
    } else this.#decimal = this.#decimal === undefined ? value : decimal.add(this.#decimal, value);
  }

  /** Neumaier's summation. */
  #addDouble(value: number): void {
    const sum = this.#double + value;
    if (Number.isFinite(sum)) {
      this.#lost +=
        Math.abs(this.#double) >= Math.abs(value) ? this.#double - sum + value : value - sum + this.#double;
    }
    this.#double = sum;
  }

  get #doubleSum(): number {
    return Number.isFinite(this.#double) ? this.#double + this.#lost : this.#double;
  }

  total(): Numeric {
    if (this.#decimal !== undefined) return this.asDecimal();
    if (this.#isDouble) {
      const whole = Number(this.#whole);
      return new Double(this.#doubleSum + whole);
    }
    if (!this.#isLong && isInt32(this.#whole)) return Number(this.#whole);
    return isInt64(this.#whole) ? this.#whole : new Double(Number(this.#whole));
  }

  asDecimal(): Decimal128 {
    let sum = this.#decimal ?? Decimal128.zero;
    if (this.#whole !== 0n) sum = decimal.add(sum, Decimal128.fromBigInt(this.#whole));
    if (this.#isDouble) sum = decimal.add(sum, toDecimal(new Double(this.#doubleSum)));
    return sum;
  }

  average(): Numeric | null {
    if (this.count === 0) return null;
    if (this.#decimal !== undefined) return decimal.divide(this.asDecimal(), toDecimal(this.count));
    if (this.#isDouble) return new Double((this.#doubleSum + Number(this.#whole)) / this.count);
    return new Double(Number(this.#whole) / this.count);
  }
}
