import "./arithmetic.ts";
import "./comparison.ts";
import "./conditional.ts";
