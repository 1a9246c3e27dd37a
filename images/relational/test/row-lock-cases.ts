/** What PostgreSQL locks: a statement, and the ids of table t that it leaves locked, or the SQLSTATE that it ends with. */
export const lockCases: readonly (readonly [statement: string, locked: string])[] = [
  ["SELECT * FROM t WHERE id = (SELECT id FROM t WHERE id = 2 FOR UPDATE)", "2"],
  ["SELECT EXISTS (SELECT 1 FROM t WHERE id < 4 FOR UPDATE)", "1"],
  ["SELECT 1 FROM p WHERE id IN (SELECT id FROM t WHERE id < 5 FOR UPDATE)", "1,2,3,4"],
  ["SELECT 1 FROM p WHERE EXISTS (SELECT 1 FROM t WHERE t.id = p.id FOR UPDATE)", "1,2,3"],
  ["SELECT id, (SELECT v FROM t WHERE t.id = p.id FOR NO KEY UPDATE) FROM p", "1,2,3"],
  ["SELECT ARRAY(SELECT id FROM t WHERE id < 3 FOR KEY SHARE)", "1,2"],
  ["SELECT CASE WHEN false THEN (SELECT id FROM t WHERE id = 1 FOR UPDATE) END", ""],
  ["VALUES ((SELECT id FROM t WHERE id = 1 FOR UPDATE))", "1"],
  ["SELECT (SELECT count(*) FROM (SELECT 1 FROM t WHERE id < 3 FOR SHARE) s)", "1,2"],
  ["WITH x AS (SELECT * FROM t WHERE id < 3 FOR UPDATE) SELECT 1", ""],
  ["WITH x AS (SELECT * FROM t WHERE id < 3 FOR UPDATE) SELECT count(*) FROM x", "1,2"],
  ["WITH x AS (SELECT * FROM t WHERE id < 4 FOR UPDATE) SELECT * FROM x LIMIT 1", "1"],
  ["WITH x AS (SELECT * FROM t) SELECT * FROM x FOR UPDATE", ""],
  ["WITH x AS (SELECT * FROM t) SELECT * FROM x FOR UPDATE OF x", "0A000"],
  ["SELECT * FROM (SELECT * FROM t FOR UPDATE) s WHERE id = 1", "1"],
  ["SELECT * FROM (SELECT * FROM t ORDER BY id LIMIT 3 FOR UPDATE) s WHERE id = 1", "1,2,3"],
  ["SELECT * FROM p, LATERAL (SELECT v FROM t WHERE t.id = p.id FOR UPDATE) s", "1,2,3"],
  ["SELECT * FROM (SELECT * FROM t) s WHERE id = 1 FOR UPDATE", "1"],
  ["SELECT s.id FROM (SELECT * FROM t) s JOIN p USING (id) WHERE p.id = 2 FOR UPDATE", "2"],
  ["SELECT s.id FROM (SELECT * FROM t) s JOIN p USING (id) WHERE p.id = 2 FOR UPDATE OF p", ""],
  ["SELECT * FROM (SELECT * FROM t ORDER BY id LIMIT 2) s FOR UPDATE", "1,2"],
  ["SELECT * FROM (SELECT * FROM t WHERE id < 3 OFFSET 0) s WHERE id = 1 FOR UPDATE", "1,2"],
  ["SELECT * FROM one_view WHERE id = 1 FOR UPDATE", "1"],
  ["SELECT * FROM two_views WHERE id = 3 FOR UPDATE OF two_views", "3"],
  ["SELECT two_views FROM two_views JOIN p USING (id) FOR SHARE", "1,3"],
  ["SELECT * FROM counted FOR UPDATE", "0A000"],
  ["SELECT * FROM (SELECT * FROM t UNION ALL SELECT * FROM t) s FOR UPDATE", "0A000"],
  ["SELECT * FROM (SELECT generate_series(1, 2), id FROM t) s FOR UPDATE", "0A000"],
  ["SELECT * FROM p LEFT JOIN t USING (id) FOR UPDATE OF t", "0A000"],
  ["SELECT * FROM p LEFT JOIN (SELECT * FROM t WHERE id = 2 FOR UPDATE) s USING (id)", "2"],
  ["SELECT * FROM p LEFT JOIN t USING (id) FOR UPDATE OF p", ""],
  ["SELECT 1 UNION ALL (SELECT id FROM t WHERE id = 2 FOR UPDATE)", "0A000"],
  ["INSERT INTO p SELECT id + 10 FROM t WHERE id < 3 FOR UPDATE", "1,2"],
  ["UPDATE p SET id = id WHERE id IN (SELECT id FROM t WHERE id = 3 FOR UPDATE)", "3"],
  ["DELETE FROM p WHERE id = (SELECT max(id) FROM (SELECT id FROM t WHERE id < 3 FOR UPDATE) s)", "1,2"],
  [
    "MERGE INTO p USING (SELECT * FROM t WHERE id < 3 FOR UPDATE) s ON s.id = p.id WHEN MATCHED THEN DELETE",
    "1,2",
  ],
  ["EXPLAIN ANALYZE SELECT (SELECT id FROM t WHERE id = 4 FOR UPDATE)", "4"],
  [
    "DECLARE c CURSOR FOR SELECT (SELECT v FROM t WHERE t.id = p.id FOR UPDATE) FROM p WHERE id = 2; FETCH ALL FROM c",
    "2",
  ],
  ["SELECT locks_one()", "1"],
  ["SELECT assigns_one()", "2"],
  ["SELECT locks_stable()", "0A000"],
  ["SET TRANSACTION READ ONLY; SELECT * FROM p WHERE EXISTS (SELECT 1 FROM t FOR UPDATE)", "25006"],
];

export const lockSchema = `
  CREATE TABLE t (id int PRIMARY KEY, g int, v int);
  INSERT INTO t SELECT i, i % 2, 0 FROM generate_series(1, 6) i;
  CREATE TABLE p (id int PRIMARY KEY);
  INSERT INTO p VALUES (1), (2), (3);
  CREATE VIEW one_view AS SELECT * FROM t;
  CREATE VIEW two_views AS SELECT id, v FROM one_view WHERE g = 1;
  CREATE VIEW counted AS SELECT g, count(*) FROM t GROUP BY g;
  CREATE FUNCTION locks_one() RETURNS int LANGUAGE sql AS 'SELECT id FROM t WHERE id = 1 FOR UPDATE';
  CREATE FUNCTION locks_stable() RETURNS int STABLE LANGUAGE sql AS 'SELECT id FROM t WHERE id = 1 FOR UPDATE';
  CREATE FUNCTION assigns_one() RETURNS int LANGUAGE plpgsql AS
    'DECLARE found int; BEGIN found := (SELECT id FROM t WHERE id = 2 FOR UPDATE); RETURN found; END'`;

/** The ids that another session cannot lock. */
export const lockedIds =
  "SELECT string_agg(id::text, ',' ORDER BY id) FROM t WHERE id NOT IN (SELECT id FROM t FOR UPDATE SKIP LOCKED)";
