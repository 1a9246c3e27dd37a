/** Everything that registers implementations. */
import "./aggregates.ts";
import "./arithmetic.ts";
import "./strings.ts";
import "./patterns.ts";
import "./datetime.ts";
import "./to-char.ts";
import "./json.ts";
import "./json-path.ts";
import "./network.ts";
import "./uuid-and-hashes.ts";
import "./arrays.ts";
import "./privileges.ts";
import "./ranges.ts";
import "./replication.ts";
import "./text-search.ts";
import "./system.ts";
import "./sql-functions.ts";
