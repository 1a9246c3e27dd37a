/** Everything that registers implementations. */
import "./aggregates.ts";
import "./arithmetic.ts";
