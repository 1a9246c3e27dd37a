import "./basic.ts";
