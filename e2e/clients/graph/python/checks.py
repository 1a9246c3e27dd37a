"""Neo4j's Python driver against the engine: one check per function, named as it is printed."""

import asyncio
import os
import sys
from datetime import date, datetime, timezone

from neo4j import AsyncGraphDatabase, GraphDatabase, READ_ACCESS, unit_of_work
from neo4j.exceptions import AuthError, ClientError, ConstraintError, CypherSyntaxError
from neo4j.time import Duration

PORT = os.environ["WEFTKIT_TEST_PORT"]
TLS_PORT = os.environ["WEFTKIT_TEST_TLS_PORT"]
LOGIN = (os.environ["WEFTKIT_TEST_USER"], os.environ["WEFTKIT_TEST_PASSWORD"])
URI = f"bolt://127.0.0.1:{PORT}"


def connect(uri=URI, **options):
    return GraphDatabase.driver(uri, auth=options.pop("auth", LOGIN), **options)


def rows(driver, query, **parameters):
    return [record.data() for record in driver.execute_query(query, **parameters).records]


def logs_in():
    with connect() as driver:
        driver.verify_connectivity()
        assert driver.get_server_info().agent.startswith("Neo4j/5.26.0")


def refuses_a_wrong_password():
    try:
        with connect(auth=(LOGIN[0], "wrong")) as driver:
            driver.verify_connectivity()
    except AuthError:
        return
    raise AssertionError("it was accepted")


def runs_the_reference():
    with connect() as driver:
        rows(driver, "MATCH (n) DETACH DELETE n")
        rows(driver, "CREATE (a:Person {name: 'Alice', age: 30}) CREATE (b:Person {name: 'Bob', age: 25}) CREATE (c:Company {name: 'Acme Corp'})")
        rows(driver, "MATCH (a:Person {name: 'Alice'}), (b:Person {name: 'Bob'}) CREATE (a)-[:KNOWS {since: 2020}]->(b)")
        rows(driver, "MATCH (p:Person {name: 'Alice'}), (c:Company) CREATE (p)-[:WORKS_AT {role: 'Engineer'}]->(c)")
        assert rows(driver, "MATCH (p:Person) WHERE p.age > 25 RETURN p.name AS n") == [{"n": "Alice"}]
        assert rows(driver, "MATCH (p:Person)-[:KNOWS]->(f) RETURN p.name AS n, COUNT(f) AS c") == [{"n": "Alice", "c": 1}]
        path = driver.execute_query("MATCH path = shortestPath((a:Person {name: 'Alice'})-[*]-(b:Person {name: 'Bob'})) RETURN path").records[0]["path"]
        assert len(path) == 1 and path.start_node["name"] == "Alice"
        rows(driver, "CREATE INDEX person_name IF NOT EXISTS FOR (p:Person) ON (p.name)")
        rows(driver, "CALL db.index.fulltext.createNodeIndex('personSearch', ['Person'], ['name', 'bio'])")
        found = rows(driver, "CALL db.index.fulltext.queryNodes('personSearch', 'Alice') YIELD node RETURN node.name AS n")
        assert found == [{"n": "Alice"}]


def runs_managed_transactions():
    @unit_of_work(timeout=5, metadata={"check": "managed"})
    def add(tx, n):
        return tx.run("MERGE (c:Counter {id: 1}) SET c.n = coalesce(c.n, 0) + $n RETURN c.n AS n", n=n).single()["n"]

    with connect() as driver, driver.session() as session:
        session.execute_write(lambda tx: tx.run("MATCH (c:Counter) DELETE c").consume())
        assert session.execute_write(add, 2) == 2
        assert session.execute_write(add, 3) == 5
        assert session.execute_read(lambda tx: tx.run("MATCH (c:Counter) RETURN c.n AS n").single()["n"]) == 5
        assert list(session.last_bookmarks().raw_values)


def rolls_back():
    with connect() as driver, driver.session() as session:
        tx = session.begin_transaction()
        tx.run("CREATE (:Gone)")
        tx.rollback()
        assert session.run("MATCH (g:Gone) RETURN count(g) AS n").single()["n"] == 0


def tells_what_was_changed():
    with connect() as driver:
        summary = driver.execute_query("CREATE (:Told {a: 1})-[:R]->(:Told {a: 2})").summary
        counters = summary.counters
        assert (counters.nodes_created, counters.relationships_created, counters.properties_set, counters.labels_added) == (2, 1, 2, 2)
        assert summary.query_type == "w" and summary.database == "neo4j"
        warned = driver.execute_query("MATCH (n:NeverSeen) RETURN n").summary
        assert [status.gql_status for status in warned.gql_status_objects][:2] == ["02000", "01N50"]


def keeps_values():
    values = [1, -(2**63), 2**63 - 1, 1.5, "é€𝄞", True, [1, 2], date(2024, 2, 29), datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc), Duration(months=14, days=-3, seconds=5), b"\x00\xff"]
    with connect() as driver:
        for value in values:
            kept = driver.execute_query("CREATE (n:Kept {v: $v}) RETURN n.v AS v", v=value).records[0]["v"]
            if hasattr(kept, "to_native"):
                kept = kept.to_native()
            assert kept == value, (kept, value)


def raises_what_drivers_know():
    with connect() as driver:
        rows(driver, "CREATE CONSTRAINT IF NOT EXISTS FOR (u:Unique) REQUIRE u.k IS UNIQUE")
        rows(driver, "MERGE (:Unique {k: 1})")
        for query, expected in [("RETRN 1", CypherSyntaxError), ("CREATE (:Unique {k: 1})", ConstraintError), ("RETURN 1/0", ClientError)]:
            try:
                rows(driver, query)
            except expected:
                continue
            raise AssertionError(f"{query} did not fail")
        with driver.session(default_access_mode=READ_ACCESS) as session:
            try:
                session.run("CREATE (:No)").consume()
            except ClientError as error:
                assert error.code == "Neo.ClientError.Statement.AccessMode"
            else:
                raise AssertionError("a session that reads has written")


def routes():
    with connect(f"neo4j://127.0.0.1:{PORT}") as driver:
        assert rows(driver, "RETURN 1 AS x") == [{"x": 1}]


def speaks_tls():
    with connect(f"bolt+ssc://127.0.0.1:{TLS_PORT}") as driver:
        assert rows(driver, "RETURN 1 AS x") == [{"x": 1}]


def streams_many_rows():
    with connect() as driver, driver.session(fetch_size=500) as session:
        assert sum(record["x"] for record in session.run("UNWIND range(1, 20000) AS x RETURN x")) == 200010000


def works_asynchronously():
    async def run():
        async with AsyncGraphDatabase.driver(URI, auth=LOGIN) as driver:
            results = await asyncio.gather(*(driver.execute_query("RETURN $x AS x", x=x) for x in range(20)))
            return [result.records[0]["x"] for result in results]

    assert asyncio.run(run()) == list(range(20))


CHECKS = [
    logs_in,
    refuses_a_wrong_password,
    runs_the_reference,
    runs_managed_transactions,
    rolls_back,
    tells_what_was_changed,
    keeps_values,
    raises_what_drivers_know,
    routes,
    speaks_tls,
    streams_many_rows,
    works_asynchronously,
]


def main():
    failed = 0
    for check in CHECKS:
        try:
            check()
            print(f"ok {check.__name__}", flush=True)
        except Exception as error:  # every failure is a result here
            failed = 1
            print(f"not ok {check.__name__}: {type(error).__name__} {error}", flush=True)
    sys.exit(failed)


main()
