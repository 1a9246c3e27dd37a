import { WeftkitError } from "@weftkit/core";

/** What came over the wire is not Bolt, or more of it than is taken. */
export class BoltViolation extends WeftkitError {
  constructor(message: string) {
    super("bolt_violation", message);
    this.name = "BoltViolation";
  }
}
