"""Measures weftkit/vector over gRPC beside hnswlib and usearch in process, on the same vectors.

  python -m venv venv && venv/bin/pip install -r requirements.txt
  venv/bin/python main.py [--vectors 100000] [--dimensions 128] [--queries 1000] [--seconds 5]    after npm run build

Vectors lie around 1,000 centres in 16 dimensions, with a little noise, and are compared by cosine; M is 16, ef_construction 200. Of
each, ef is the smallest of a few with which 0.95 of the true 10 nearest are found. The engine is a process of its own, and so
is its client; the libraries are called in a loop by one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EFS = [16, 24, 32, 48, 64, 96, 128, 192, 256, 512]
TOP = 10


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--node", default=str(ROOT / "node_modules/.bin/node"))
    parser.add_argument("--only", default="hnswlib,usearch,weftkit")
    return parser.parse_args()


def make(count, dimensions, random):
    basis = random.standard_normal((16, dimensions), dtype=np.float32)
    centres = random.standard_normal((1000, 16), dtype=np.float32)
    weights = centres[random.integers(0, 1000, count)] + 0.5 * random.standard_normal((count, 16), dtype=np.float32)
    vectors = weights @ basis + 0.3 * random.standard_normal((count, dimensions), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def nearest(vectors, queries):
    found = []
    for at in range(0, len(queries), 100):
        scores = queries[at : at + 100] @ vectors.T
        found.append(np.argpartition(-scores, TOP, axis=1)[:, :TOP])
    return np.concatenate(found)


def recall(found, right):
    return float(np.mean([len(set(a) & set(b)) / TOP for a, b in zip(found, right)]))


def told(**measures):
    print(json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in measures.items()}), flush=True)


def timed_queries(ask, queries, seconds):
    """Queries a second of one thread, and the 50th and 99th percentile in milliseconds."""
    times = []
    begin = time.perf_counter()
    i = 0
    while time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        ask(queries[i % len(queries)])
        times.append(time.perf_counter() - start)
        i += 1
    return len(times) / (time.perf_counter() - begin), *(1000 * np.percentile(times, [50, 99]))


def library(name, build, search, vectors, queries, right, seconds):
    begin = time.perf_counter()
    index = build(vectors)
    inserts = len(vectors) / (time.perf_counter() - begin)
    for ef in EFS:
        found = [search(index, query, ef) for query in queries]
        reached = recall(found, right)
        if reached >= 0.95:
            break
    perSecond, p50, p99 = timed_queries(lambda query: search(index, query, ef), queries, seconds)
    told(contender=name, ef=ef, recall=reached, queriesPerSecond=perSecond, p50Ms=p50, p99Ms=p99, insertsPerSecond=inserts)


def hnswlib(vectors, queries, right, seconds):
    import hnswlib

    def build(vectors):
        index = hnswlib.Index(space="ip", dim=vectors.shape[1])
        index.init_index(max_elements=len(vectors), ef_construction=200, M=16)
        index.set_num_threads(1)
        index.add_items(vectors)
        return index

    def search(index, query, ef):
        index.set_ef(ef)
        return index.knn_query(query, k=TOP)[0][0]

    library("hnswlib", build, search, vectors, queries, right, seconds)


def usearch(vectors, queries, right, seconds):
    from usearch.index import Index

    def build(vectors):
        index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=200)
        index.add(np.arange(len(vectors)), vectors, threads=1)
        return index

    def search(index, query, ef):
        index.expansion_search = ef
        return index.search(query, TOP, threads=1).keys

    library("usearch", build, search, vectors, queries, right, seconds)


class Engine:
    """The bundled engine on a free port."""

    def __init__(self, node, folder):
        self.begin = time.perf_counter()
        environment = {
            **os.environ,
            "WEFTKIT_AUTH": "none",
            "WEFTKIT_DATA_DIR": folder,
            "WEFTKIT_BIND": "127.0.0.1",
            "WEFTKIT_PORT": "0",
            "WEFTKIT_ADMIN_PORT": "0",
        }
        main = ROOT / "images/vector/dist/main.mjs"
        self.process = subprocess.Popen([node, str(main)], env=environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            entry = json.loads(line)
            if entry["msg"] == "ready":
                self.port = entry["port"]
                break
        self.readyMs = 1000 * (time.perf_counter() - self.begin)

    def memory(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024

    def stop(self):
        self.process.terminate()
        self.process.stdout.read()
        self.process.wait()


def weftkit(vectors, queries, right, seconds, node):
    import grpc

    folder = tempfile.mkdtemp(prefix="weftkit-bench-")
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}/images/vector/proto", f"--python_out={folder}", f"--grpc_python_out={folder}", "weftkit_vec.proto"],
        check=True,
    )
    sys.path.insert(0, folder)
    import weftkit_vec_pb2 as pb
    from weftkit_vec_pb2_grpc import VectorServiceStub

    data = tempfile.mkdtemp(prefix="weftkit-bench-")
    engine = Engine(node, data)

    def connect():
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        return VectorServiceStub(grpc.insecure_channel(f"127.0.0.1:{engine.port}", options=options))

    stub = connect()
    stub.CreateCollection(pb.CreateCollectionRequest(name="bench", dimensions=vectors.shape[1], distance="cosine"))
    batches = [
        pb.UpsertRequest(
            collection="bench", vectors=[pb.Vector(id=str(i), values=vectors[i]) for i in range(at, min(at + 500, len(vectors)))]
        )
        for at in range(0, len(vectors), 500)
    ]
    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(stub.UpsertVectors, batches))
    upserts = len(vectors) / (time.perf_counter() - begin)

    def unlinked():
        info = stub.DescribeCollection(pb.DescribeCollectionRequest(name="bench"))
        return info.vectors_count - info.indexed_count

    while unlinked() > 0:
        time.sleep(0.2)
    linked = len(vectors) / (time.perf_counter() - begin)

    def request(query, ef):
        return pb.SearchRequest(collection="bench", vector=query, top_k=TOP, ef_search=ef)

    def search(stub, query, ef):
        return [int(match.id) for match in stub.SearchVectors(request(query, ef)).matches]

    for ef in EFS:
        reached = recall([search(stub, query, ef) for query in queries], right)
        if reached >= 0.95:
            break
    told(contender="weftkit", upsertsPerSecond=upserts, linkedPerSecond=linked, memoryMiB=engine.memory(), recall=reached, ef=ef)
    requests = [request(query, ef) for query in queries]
    for threads in [1, 4, 16]:
        stubs = [connect() for _ in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            measured = list(pool.map(lambda one: timed_queries(one.SearchVectors, requests, seconds), stubs))
        told(
            contender="weftkit",
            threads=threads,
            queriesPerSecond=sum(one[0] for one in measured),
            p50Ms=float(np.median([one[1] for one in measured])),
            p99Ms=max(one[2] for one in measured),
        )
    batches = [pb.SearchBatchRequest(searches=requests[at : at + 50]) for at in range(0, len(requests), 50)]
    perSecond, p50, p99 = timed_queries(stub.SearchBatch, batches, seconds)
    told(contender="weftkit", batch=50, queriesPerSecond=perSecond * 50, p50Ms=p50, p99Ms=p99)
    # Searches while others write the same vectors again.
    stopped = False
    writes = 0

    def write():
        nonlocal writes
        writer = connect()
        for i in range(10**9):
            if stopped:
                return
            at = (i * 7919) % (len(vectors) - 50)
            writer.UpsertVectors(
                pb.UpsertRequest(collection="bench", vectors=[pb.Vector(id=str(n), values=vectors[n]) for n in range(at, at + 50)])
            )
            writes += 50

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        perSecond, p50, p99 = timed_queries(stub.SearchVectors, requests, seconds)
        stopped = True
        writing.result()
    told(contender="weftkit", writing=writes / seconds, queriesPerSecond=perSecond, p50Ms=p50, p99Ms=p99)
    while unlinked() > 0:
        time.sleep(0.2)
    engine.stop()
    engine = Engine(node, data)
    told(contender="weftkit", restartReadyMs=engine.readyMs, memoryMiB=engine.memory())
    engine.stop()


def main():
    asked = options()
    random = np.random.default_rng(1)
    everything = make(asked.vectors + asked.queries, asked.dimensions, random)
    vectors, queries = everything[: asked.vectors], everything[asked.vectors :]
    right = nearest(vectors, queries)
    told(vectors=asked.vectors, dimensions=asked.dimensions, processors=os.cpu_count(), load=os.getloadavg()[0])
    only = asked.only.split(",")
    if "hnswlib" in only:
        hnswlib(vectors, queries, right, asked.seconds)
    if "usearch" in only:
        usearch(vectors, queries, right, asked.seconds)
    if "weftkit" in only:
        weftkit(vectors, queries, right, asked.seconds, asked.node)


main()
