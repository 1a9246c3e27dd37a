"""gRPC's own Python, Qdrant's client, LangChain and LlamaIndex against the engine: one check per function, named as it is printed."""

import os
import random
import subprocess
import sys
import uuid

import grpc

DIST = os.environ["WEFTKIT_TEST_DIST"]
# What a user does with the file that comes with the engine.
subprocess.run(
    [sys.executable, "-m", "grpc_tools.protoc", f"-I{DIST}", "--python_out=.", "--grpc_python_out=.", "weftkit_vec.proto"],
    check=True,
)
sys.path.insert(0, ".")
from weftkit_vec_pb2 import (  # noqa: E402
    CreateCollectionRequest,
    DeleteRequest,
    Empty,
    GetRequest,
    SearchRequest,
    UpsertRequest,
    Vector,
)
from weftkit_vec_pb2_grpc import VectorServiceStub  # noqa: E402

PORT = int(os.environ["WEFTKIT_TEST_PORT"])
TLS_PORT = os.environ["WEFTKIT_TEST_TLS_PORT"]
OPEN_PORT = int(os.environ["WEFTKIT_TEST_OPEN_PORT"])
TOKEN = f"{os.environ['WEFTKIT_TEST_USER']}:{os.environ['WEFTKIT_TEST_PASSWORD']}"
OPEN_URL = f"http://127.0.0.1:{OPEN_PORT}"


def the_examples_of_the_reference():
    channel = grpc.insecure_channel(f"localhost:{OPEN_PORT}")
    stub = VectorServiceStub(channel)
    stub.CreateCollection(
        CreateCollectionRequest(
            name="product_embeddings", dimensions=1536, distance="cosine", hnsw_m=16, ef_construction=200
        )
    )
    first, second = ([random.random() for _ in range(1536)] for _ in range(2))
    stub.UpsertVectors(
        UpsertRequest(
            collection="product_embeddings",
            vectors=[
                Vector(id="prod-001", values=first, metadata={"name": "Widget A", "category": "tools"}),
                Vector(id="prod-002", values=second, metadata={"name": "Widget B", "category": "tools"}),
            ],
        )
    )
    response = stub.SearchVectors(
        SearchRequest(
            collection="product_embeddings", vector=first, top_k=10, ef_search=100, filter={"category": "tools"}
        )
    )
    assert [match.id for match in response.matches] == ["prod-001", "prod-002"], response
    assert abs(response.matches[0].score - 1) < 1e-4
    assert dict(response.matches[0].metadata) == {"name": "Widget A", "category": "tools"}
    assert len(stub.GetVector(GetRequest(collection="product_embeddings", id="prod-001")).vector.values) == 1536
    assert "product_embeddings" in [one.name for one in stub.ListCollections(Empty()).collections]
    stub.DeleteVectors(DeleteRequest(collection="product_embeddings", ids=["prod-001", "prod-002"]))
    assert not stub.SearchVectors(SearchRequest(collection="product_embeddings", vector=first)).matches


def tokens_and_tls():
    with open(os.environ["WEFTKIT_TEST_CA"], "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    stub = VectorServiceStub(grpc.secure_channel(f"localhost:{TLS_PORT}", credentials))
    stub.ListCollections(Empty(), metadata=(("authorization", f"Bearer {TOKEN}"),))
    try:
        stub.ListCollections(Empty())
        raise AssertionError("served without a token")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error


def health_and_reflection():
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    channel = grpc.insecure_channel(f"localhost:{OPEN_PORT}")
    health = health_pb2_grpc.HealthStub(channel)
    assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
    database = ProtoReflectionDescriptorDatabase(channel)
    for service in ["weftkit.vector.v1.VectorService", "qdrant.Points", "grpc.health.v1.Health"]:
        assert service in database.get_services(), service
        assert DescriptorPool(database).FindServiceByName(service).methods


def qdrant_client_over(prefer_grpc):
    from qdrant_client import QdrantClient, models

    client = QdrantClient(
        host="127.0.0.1", port=PORT, grpc_port=PORT, prefer_grpc=prefer_grpc, api_key=TOKEN, https=False
    )
    name = f"qdrant-{prefer_grpc}"
    client.create_collection(name, vectors_config=models.VectorParams(size=8, distance=models.Distance.COSINE))
    vectors = [[random.random() for _ in range(8)] for _ in range(300)]
    client.upload_points(
        name, [models.PointStruct(id=i, vector=vector, payload={"n": i}) for i, vector in enumerate(vectors)], wait=True
    )
    assert client.count(name).count == 300
    odd = models.Filter(must=[models.FieldCondition(key="n", range=models.Range(gte=100, lt=110))])
    found = client.query_points(name, query=vectors[105], query_filter=odd, limit=20).points
    assert len(found) == 10 and found[0].id == 105, found
    records, following = client.scroll(name, limit=10, scroll_filter=odd)
    assert [record.id for record in records] == list(range(100, 110)) and following is None
    client.delete(name, points_selector=models.FilterSelector(filter=odd))
    assert client.count(name).count == 290
    client.delete_collection(name)


def qdrant_client_rest():
    qdrant_client_over(False)


def qdrant_client_grpc():
    qdrant_client_over(True)


def langchain():
    from langchain_core.documents import Document
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_qdrant import QdrantVectorStore

    store = QdrantVectorStore.from_documents(
        [Document(page_content=f"text {i}", metadata={"i": i}) for i in range(20)],
        DeterministicFakeEmbedding(size=32),
        url=OPEN_URL,
        collection_name="langchain",
    )
    [(document, score)] = store.similarity_search_with_score("text 7", k=1)
    assert document.page_content == "text 7" and score > 0.99, (document, score)
    assert len(store.similarity_search("text 7", k=50)) == 20


def llama_index():
    from llama_index.core.schema import TextNode
    from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters, VectorStoreQuery
    from llama_index.vector_stores.qdrant import QdrantVectorStore
    from qdrant_client import QdrantClient

    store = QdrantVectorStore("llama", client=QdrantClient(url=OPEN_URL))
    nodes = [
        TextNode(
            id_=str(uuid.uuid4()),
            text=f"text {i}",
            embedding=[random.random() for _ in range(16)],
            metadata={"kind": "even" if i % 2 == 0 else "odd"},
        )
        for i in range(20)
    ]
    store.add(nodes)
    filters = MetadataFilters(filters=[MetadataFilter(key="kind", value="odd")])
    result = store.query(VectorStoreQuery(query_embedding=nodes[5].embedding, similarity_top_k=20, filters=filters))
    assert len(result.ids) == 10 and result.nodes[0].text == "text 5", result
    store.delete_nodes([nodes[5].node_id])
    assert nodes[5].node_id not in store.query(VectorStoreQuery(query_embedding=nodes[5].embedding, similarity_top_k=20)).ids


failed = False
for check in [
    the_examples_of_the_reference,
    tokens_and_tls,
    health_and_reflection,
    qdrant_client_rest,
    qdrant_client_grpc,
    langchain,
    llama_index,
]:
    name = check.__name__.replace("_", " ")
    try:
        check()
        print(f"ok {name}", flush=True)
    except Exception as error:  # noqa: BLE001: every failure is a result
        failed = True
        print(f"not ok {name}: {type(error).__name__}: {error}".replace("\n", " "), flush=True)
sys.exit(1 if failed else 0)
