"""Neo4j's Python driver of 4.4, which speaks Bolt 4.4, against the engine: one check per function, named as it is printed."""

import os
import sys
from datetime import date, datetime, timedelta, timezone

from neo4j import READ_ACCESS, GraphDatabase, unit_of_work
from neo4j.exceptions import AuthError, ClientError, ConstraintError, CypherSyntaxError, TransientError
from neo4j.spatial import CartesianPoint, WGS84Point
from neo4j.time import DateTime, Duration, Time

PORT = os.environ["WEFTKIT_TEST_PORT"]
TLS_PORT = os.environ["WEFTKIT_TEST_TLS_PORT"]
LOGIN = (os.environ["WEFTKIT_TEST_USER"], os.environ["WEFTKIT_TEST_PASSWORD"])


def connect(uri=f"bolt://127.0.0.1:{PORT}", auth=LOGIN):
    return GraphDatabase.driver(uri, auth=auth)


def rows(driver, query, **parameters):
    with driver.session() as session:
        return [record.data() for record in session.run(query, parameters)]


def logs_in():
    with connect() as driver:
        driver.verify_connectivity()
        with driver.session() as session:
            server = session.run("RETURN 1").consume().server
            assert server.agent.startswith("Neo4j/5.26.0") and server.protocol_version == (4, 4)
    try:
        with connect(auth=(LOGIN[0], "wrong")) as driver:
            rows(driver, "RETURN 1")
    except AuthError:
        return
    raise AssertionError("a wrong password was accepted")


def runs_managed_transactions():
    tries = []

    @unit_of_work(timeout=5, metadata={"check": "managed"})
    def add(tx, n):
        tries.append(n)
        counted = tx.run("MATCH (c:OldCounter) SET c.n = c.n + $n RETURN c.n AS n", n=n).single()["n"]
        if len(tries) == 1:
            raise TransientError("once more")
        return counted

    with connect() as driver, driver.session() as session:
        rows(driver, "MATCH (c:OldCounter) DELETE c")
        rows(driver, "CREATE (:OldCounter {n: 0})")
        assert session.write_transaction(add, 2) == 2 and len(tries) == 2
        assert session.last_bookmark()
        with driver.session(bookmarks=[session.last_bookmark()]) as later:
            assert later.read_transaction(lambda tx: tx.run("MATCH (c:OldCounter) RETURN c.n AS n").single()["n"]) == 2


def rolls_back():
    with connect() as driver, driver.session() as session:
        tx = session.begin_transaction()
        tx.run("CREATE (:OldGone)")
        tx.rollback()
        assert session.run("MATCH (g:OldGone) RETURN count(g) AS n").single()["n"] == 0


def keeps_values():
    zone = timezone(timedelta(hours=2))
    values = [1, -(2**63), 1.5, "é€𝄞", True, None, [1, "a", None], {"a": [1]}, date(2024, 2, 29), datetime(2024, 5, 6, 7, 8, 9), datetime(2024, 5, 6, 7, 8, 9, tzinfo=zone)]
    exact = [Duration(months=14, days=-3, seconds=5), CartesianPoint((1, 2)), WGS84Point((1, 2, 3)), Time(1, 2, 3)]
    with connect() as driver:
        for value in values:
            kept = rows(driver, "RETURN $v AS v", v=value)[0]["v"]
            kept = kept.to_native() if hasattr(kept, "to_native") else kept
            assert kept == value, (kept, value)
        for value in exact:
            kept = rows(driver, "RETURN $v AS v", v=value)[0]["v"]
            assert kept == value, (kept, value)
        assert isinstance(rows(driver, "RETURN datetime('2024-05-06T07:08:09[Europe/Berlin]') AS v")[0]["v"], DateTime)


def reads_graphs_and_summaries():
    with connect() as driver, driver.session() as session:
        result = session.run("CREATE p = (a:OldA {n: 1})-[r:GOES {w: 2.5}]->(:OldB) RETURN p, a, r")
        record = result.single()
        assert record["p"].start_node == record["a"] and record["r"]["w"] == 2.5 and record["a"].id == record["r"].start_node.id
        result = session.run("MATCH (n:OldNeverSeen) RETURN n")
        summary = result.consume()
        assert summary.notifications[0]["code"].endswith("UnknownLabelWarning") and summary.query_type == "r"


def raises_what_drivers_know():
    with connect() as driver:
        rows(driver, "CREATE CONSTRAINT IF NOT EXISTS FOR (u:OldUnique) REQUIRE u.k IS UNIQUE")
        rows(driver, "MERGE (:OldUnique {k: 1})")
        for query, expected in [("RETRN 1", CypherSyntaxError), ("CREATE (:OldUnique {k: 1})", ConstraintError), ("RETURN 1/0", ClientError)]:
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


def routes_and_speaks_tls():
    for uri in [f"neo4j://127.0.0.1:{PORT}", f"bolt+ssc://127.0.0.1:{TLS_PORT}"]:
        with connect(uri) as driver:
            assert rows(driver, "RETURN 1 AS x") == [{"x": 1}]


CHECKS = [logs_in, runs_managed_transactions, rolls_back, keeps_values, reads_graphs_and_summaries, raises_what_drivers_know, routes_and_speaks_tls]


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
