import { describe, expect, test } from "vitest";
import { classify } from "../src/postgres/classify.ts";

describe("what a text does to its session", () => {
  test.each<[string, Partial<ReturnType<typeof classify>>]>([
    ["SELECT 1", { names: [], leaves: false }],
    ["UPDATE t SET a = 1", { names: [], leaves: false }],
    ["SET work_mem = '1MB'", { names: ["work_mem"] }],
    ["set session app.user to 'x'", { names: ["app.user"] }],
    ['SET "App"."User" = 1', { names: ["app.user"] }],
    ["SET LOCAL work_mem = '1MB'", { names: [] }],
    ["SET DateStyle = ISO", { names: [] }],
    ["SET ROLE other", { names: ["role"] }],
    ["SET SESSION AUTHORIZATION other", { names: ["session_authorization", "role"] }],
    ["SET TIME ZONE 'UTC'", { names: [] }],
    ["BEGIN; SET search_path = a; COMMIT", { names: ["search_path"] }],
    ["/* SET a = 1 */ SELECT 'SET b = 1', $$SET c = 1$$ -- SET d = 1", { names: [] }],
    ["SELECT pg_catalog.set_config('search_path', '', false)", { names: ["search_path"] }],
    ["SELECT set_config($1, 'x', false)", { pins: "set_config with a computed name" }],
    ["LISTEN x", { leaves: true, makes: "LISTEN" }],
    ["CREATE TEMP TABLE t (a int)", { leaves: true, makes: "a temporary table" }],
    ["SELECT 1 INTO TEMP t", { leaves: true }],
    ["SELECT pg_advisory_lock(1)", { leaves: true, makes: "a session's advisory lock" }],
    ["SELECT pg_advisory_xact_lock(1)", { leaves: false, makes: undefined }],
    ["DECLARE c CURSOR FOR SELECT 1", { leaves: false }],
    ["DECLARE c CURSOR WITH HOLD FOR SELECT 1", { leaves: true, makes: "a cursor WITH HOLD" }],
    ["PREPARE TRANSACTION 'x'", { makes: undefined }],
    ["DISCARD ALL", { virtual: "DISCARD ALL" }],
    ["DISCARD ALL; SELECT 1", { virtual: undefined, leaves: true }],
    ['DEALLOCATE PREPARE "S 1"', { virtual: "DEALLOCATE", deallocates: "S 1" }],
    ["SELECT lastval()", { reads: "lastval()" }],
    ["INSERT INTO t DEFAULT VALUES; SELECT lastval()", { reads: undefined }],
    ["LOAD 'x'", { pins: "LOAD" }],
  ])("%s", (text, expected) => expect(classify(text)).toMatchObject(expected));
});
