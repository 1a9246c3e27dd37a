import type { DecimalFault } from "./decimal.ts";

/** What AWS says of a number that it cannot store. */
export function decimalFaultText(fault: DecimalFault, given: string): string {
  switch (fault) {
    case "not_a_number":
      return given === ""
        ? "The parameter cannot be converted to a numeric value"
        : `The parameter cannot be converted to a numeric value: ${given}`;
    case "overflow":
      return "Number overflow. Attempting to store a number with magnitude larger than supported range";
    case "underflow":
      return "Number underflow. Attempting to store a number with magnitude smaller than supported range";
    case "too_precise":
      return "Attempting to store more than 38 significant digits in a Number";
  }
}
