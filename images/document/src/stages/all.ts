import "./basic.ts";
import "./group.ts";
import "./lookup.ts";
import "./output.ts";
