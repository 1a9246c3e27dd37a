import "./basic.ts";
import "./combining.ts";
import "./densify.ts";
import "./geo-near.ts";
import "./group.ts";
import "./lookup.ts";
import "./output.ts";
import "./windows/set-window-fields.ts";
