import "./basic.ts";
import "./combining.ts";
import "./group.ts";
import "./lookup.ts";
import "./output.ts";
