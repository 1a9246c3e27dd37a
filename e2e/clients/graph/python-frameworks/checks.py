"""What is built on Neo4j's Python driver, neomodel and LangChain's graph store, against the engine: one check per function, named as it is printed."""

import os
import sys
from datetime import date

from langchain_core.documents import Document
from langchain_neo4j import Neo4jGraph
from langchain_neo4j.graphs.graph_document import GraphDocument, Node, Relationship
from neomodel import ArrayProperty, DateProperty, FloatProperty, IntegerProperty, Q, RelationshipFrom, RelationshipTo, StringProperty, StructuredNode, StructuredRel, UniqueIdProperty, db, get_config
from neomodel.exceptions import UniqueProperty

PORT = os.environ["WEFTKIT_TEST_PORT"]
USER = os.environ["WEFTKIT_TEST_USER"]
PASSWORD = os.environ["WEFTKIT_TEST_PASSWORD"]
URL = f"bolt://127.0.0.1:{PORT}"


class Job(StructuredRel):
    since = IntegerProperty()


class Firm(StructuredNode):
    name = StringProperty(unique_index=True)
    staff = RelationshipFrom("Human", "EMPLOYED_BY", model=Job)


class Human(StructuredNode):
    uid = UniqueIdProperty()
    name = StringProperty(unique_index=True, required=True)
    age = IntegerProperty(index=True)
    height = FloatProperty()
    born = DateProperty()
    tags = ArrayProperty(StringProperty())
    friends = RelationshipTo("Human", "FRIEND")
    firm = RelationshipTo(Firm, "EMPLOYED_BY", model=Job)


def neomodel_makes_its_rules():
    db.install_all_labels(stdout=open(os.devnull, "w"))
    rules, _ = db.cypher_query("SHOW CONSTRAINTS YIELD labelsOrTypes, properties RETURN labelsOrTypes[0] + '.' + properties[0] AS r ORDER BY r")
    assert [rule for (rule,) in rules if rule.startswith(("Firm", "Human"))] == ["Firm.name", "Human.name", "Human.uid"], rules
    db.install_all_labels(stdout=open(os.devnull, "w"))


def neomodel_saves_and_finds():
    ann = Human(name="Ann", age=30, height=1.7, born=date(1994, 5, 6), tags=["a", "b"]).save()
    bob = Human(name="Bob", age=25).save()
    acme = Firm(name="Acme").save()
    ann.friends.connect(bob)
    ann.firm.connect(acme, {"since": 2020})
    found = Human.nodes.get(name="Ann")
    assert (found.age, found.height, found.born, found.tags) == (30, 1.7, date(1994, 5, 6), ["a", "b"])
    assert found.friends.is_connected(bob) and len(found.friends) == 1
    assert found.firm.relationship(acme).since == 2020
    assert [human.name for human in acme.staff.all()] == ["Ann"]
    ann.age = 31
    ann.save()
    assert Human.nodes.filter(age__gt=30).first().name == "Ann"


def neomodel_queries():
    for i in range(20):
        Human(name=f"h{i}", age=i).save()
    assert [human.age for human in Human.nodes.filter(name__startswith="h", age__lt=5).order_by("-age")[0:3]] == [4, 3, 2]
    assert len(Human.nodes.filter(Q(age=3) | Q(age=7))) == 2
    rows, meta = db.cypher_query("MATCH (h:Human) WHERE h.age < $age RETURN h.name AS name ORDER BY name", {"age": 2})
    assert rows == [["h0"], ["h1"]] and meta == ["name"]


def neomodel_transacts():
    try:
        with db.transaction:
            Human(name="gone").save()
            Human(name="Ann").save()
    except UniqueProperty:
        pass
    assert Human.nodes.get_or_none(name="gone") is None
    with db.write_transaction:
        Human(name="kept").save()
    assert Human.nodes.get(name="kept").delete()


def langchain_reads_the_schema():
    graph = Neo4jGraph(url=URL, username=USER, password=PASSWORD)
    graph.query("MERGE (m:Movie {title: 'Heat', year: 1995})<-[:ACTED_IN {role: 'Neil'}]-(:Actor {name: 'Robert'})")
    graph.refresh_schema()
    known = graph.get_structured_schema
    assert {"property": "title", "type": "STRING"} in known["node_props"]["Movie"], known
    assert {"start": "Actor", "type": "ACTED_IN", "end": "Movie"} in known["relationships"], known
    assert "Movie" in graph.schema and "ACTED_IN" in graph.schema


def langchain_adds_documents():
    graph = Neo4jGraph(url=URL, username=USER, password=PASSWORD)
    paris, france = Node(id="Paris", type="Place"), Node(id="France", type="Land", properties={"area": 1})
    document = GraphDocument(nodes=[paris, france], relationships=[Relationship(source=paris, target=france, type="IN_LAND")], source=Document(page_content="Paris is in France"))
    for _ in range(2):
        graph.add_graph_documents([document], include_source=True, baseEntityLabel=True)
    assert graph.query("MATCH (p:Place:__Entity__ {id: 'Paris'})-[:IN_LAND]->(l:Land) RETURN l.area AS area, count(*) AS n") == [{"area": 1, "n": 1}]
    assert graph.query("MATCH (:Document)-[m:MENTIONS]->() RETURN count(m) AS n") == [{"n": 2}]
    assert graph.query("UNWIND $xs AS x RETURN x", params={"xs": [1, 2]}) == [{"x": 1}, {"x": 2}]


CHECKS = [neomodel_makes_its_rules, neomodel_saves_and_finds, neomodel_queries, neomodel_transacts, langchain_reads_the_schema, langchain_adds_documents]


def main():
    get_config().database_url = f"bolt://{USER}:{PASSWORD}@127.0.0.1:{PORT}"
    db.cypher_query("MATCH (n) DETACH DELETE n")
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
