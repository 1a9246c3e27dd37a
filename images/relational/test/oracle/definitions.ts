/** Definitions whose dump is compared. */
export const dumped = `
CREATE TABLE owners (id int PRIMARY KEY);
INSERT INTO owners VALUES (1);
CREATE TABLE events (id int GENERATED ALWAYS AS IDENTITY, at date NOT NULL, kind text DEFAULT 'k', owner int REFERENCES owners ON DELETE CASCADE, n int CHECK (n > 0), UNIQUE (at, kind, id)) PARTITION BY RANGE (at);
CREATE TABLE events_jan PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_feb PARTITION OF events (kind DEFAULT 'feb') FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY LIST (kind);
CREATE TABLE events_feb_a PARTITION OF events_feb FOR VALUES IN ('a', 'b', NULL);
CREATE TABLE events_feb_d PARTITION OF events_feb DEFAULT;
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_kind ON events (kind);
CREATE INDEX ON events (lower(kind));
CREATE TABLE h (id bigint, v numeric) PARTITION BY HASH (id);
CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION f();
INSERT INTO events (at, kind, owner, n) VALUES ('2024-01-05', 'a', 1, 1), ('2024-02-05', 'a', 1, 2), ('2024-02-06', 'z', 1, 3), ('2030-01-01', 'r', NULL, 4);
INSERT INTO h SELECT g, g FROM generate_series(1, 10) g;
CREATE VIEW checked AS SELECT id, at, n FROM events WHERE n < 100 WITH LOCAL CHECK OPTION;
CREATE VIEW trig AS SELECT count(*) AS c FROM events;
CREATE TRIGGER inst INSTEAD OF INSERT ON trig FOR EACH ROW EXECUTE FUNCTION f();
COMMENT ON TABLE events IS 'the events';
CREATE TABLE one_range (a int) PARTITION BY RANGE (a);
CREATE TABLE one_range_1 PARTITION OF one_range FOR VALUES FROM (1) TO (5);
CREATE TABLE one_range_d PARTITION OF one_range DEFAULT;
CREATE FUNCTION a_body(n int) RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM events WHERE events.n > a_body.n; END;
CREATE FUNCTION a_sum(a int, b int DEFAULT 1) RETURNS int IMMUTABLE RETURN a + b;
`;
