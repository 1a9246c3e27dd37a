CREATE TABLE gen (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text GENERATED ALWAYS AS ('x' || a::text) VIRTUAL);
INSERT INTO gen (a) VALUES (1), (2);
INSERT INTO gen (a, b) VALUES (1, 5);
UPDATE gen SET a = 10 WHERE a = 1 RETURNING *;
SELECT * FROM gen ORDER BY a;
CREATE TABLE m (id int PRIMARY KEY, v int);
INSERT INTO m VALUES (1, 15), (2, 20), (3, 30);
MERGE INTO m USING (VALUES (1)) AS s(id) ON m.id = s.id WHEN MATCHED AND m.v > 10 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 0 RETURNING merge_action(), m.id;
SELECT * FROM m ORDER BY id;
UPDATE m SET v = v + 1 WHERE id = 2 RETURNING old.v, new.v;
-- WITH in views, as 18 writes it
CREATE TABLE arcs (f int, t int, label text);
CREATE VIEW v_search AS WITH RECURSIVE sg(f, t, label) AS (SELECT * FROM arcs g UNION ALL SELECT g.* FROM arcs g, sg WHERE g.f = sg.t) SEARCH DEPTH FIRST BY f, t SET seq SELECT f, t, label FROM sg;
CREATE VIEW v_cycle AS WITH RECURSIVE sg(f, t, label) AS (SELECT * FROM arcs g UNION ALL SELECT g.* FROM arcs g, sg WHERE g.f = sg.t) CYCLE f, t SET is_cycle TO true DEFAULT false USING path SELECT f, t, label FROM sg;
CREATE VIEW v_both AS WITH RECURSIVE sg(f, t, label) AS MATERIALIZED (SELECT * FROM arcs g UNION ALL SELECT g.* FROM arcs g, sg WHERE g.f = sg.t) SEARCH BREADTH FIRST BY f, t SET "Seq" CYCLE f, t SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT f, is_cycle, path FROM sg;
SELECT pg_get_viewdef('v_search');
SELECT pg_get_viewdef('v_cycle');
SELECT pg_get_viewdef('v_both');
WITH RECURSIVE sg(f, t, label) AS (SELECT * FROM arcs g UNION ALL (SELECT * FROM arcs g UNION ALL SELECT g.* FROM arcs g, sg WHERE g.f = sg.t)) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM sg ORDER BY seq;
