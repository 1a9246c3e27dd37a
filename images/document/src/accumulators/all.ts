import "./basic.ts";
import "./ranked.ts";
