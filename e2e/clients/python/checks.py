"""redis-py against the engine: one check per function, named as it is printed."""

import os
import sys
import threading

import redis

from applications import APPLICATIONS

PORT = int(os.environ["WEFTKIT_TEST_PORT"])
TLS_PORT = int(os.environ["WEFTKIT_TEST_TLS_PORT"])
LOGIN = {"username": os.environ["WEFTKIT_TEST_USER"], "password": os.environ["WEFTKIT_TEST_PASSWORD"]}


def connect(**options):
    return redis.Redis(host="127.0.0.1", port=PORT, socket_timeout=20, **{**LOGIN, **options})


def logs_in():
    assert connect().ping()
    assert connect(username=None).ping()


def refuses_a_wrong_password():
    try:
        connect(password="wrong").ping()
    except redis.AuthenticationError:
        return
    raise AssertionError("it was accepted")


def speaks_resp3():
    client = connect(protocol=3, decode_responses=True)
    client.delete("hash", "zset")
    client.hset("hash", mapping={"a": 1, "b": 2})
    assert client.hgetall("hash") == {"a": "1", "b": "2"}
    client.zadd("zset", {"one": 1.5, "two": float("inf")})
    assert client.zscore("zset", "one") == 1.5
    assert client.zscore("zset", "two") == float("inf")
    assert client.client_info()["resp"] in (3, "3")


def keeps_bytes():
    client = connect()
    every = bytes(range(256)) * 1000
    client.set(b"bytes\x00", every)
    assert client.get(b"bytes\x00") == every


def pipelines():
    client = connect()
    client.delete("n")
    with client.pipeline(transaction=False) as pipe:
        for _ in range(5000):
            pipe.incr("n")
        assert pipe.execute() == list(range(1, 5001))


def runs_transactions():
    client, other = connect(), connect()
    client.delete("n")
    with client.pipeline() as pipe:
        assert pipe.incr("n").incr("n").execute() == [1, 2]
        pipe.watch("n")
        other.set("n", 10)
        pipe.multi()
        pipe.incr("n")
        try:
            pipe.execute()
        except redis.WatchError:
            return
    raise AssertionError("a watched key changed, and EXEC ran")


def publishes_and_subscribes():
    client = connect()
    listener = connect().pubsub()
    listener.subscribe("news")
    listener.psubscribe("n*")
    kinds = [listener.get_message(timeout=20)["type"] for _ in range(2)]
    assert kinds == ["subscribe", "psubscribe"], kinds
    assert client.publish("news", "hello") == 2
    messages = [listener.get_message(timeout=20) for _ in range(2)]
    assert [message["type"] for message in messages] == ["message", "pmessage"]
    assert [message["data"] for message in messages] == [b"hello", b"hello"]
    listener.close()


def waits_in_a_blocking_pop():
    client = connect()
    client.delete("queue")
    popped = []
    waiting = threading.Thread(target=lambda: popped.append(connect().blpop("queue", timeout=10)))
    waiting.start()
    while client.info("clients")["blocked_clients"] == 0:
        pass
    client.rpush("queue", "job")
    waiting.join()
    assert popped == [(b"queue", b"job")], popped
    assert client.blpop("queue", timeout=0.05) is None


def scans_all_keys():
    client = connect()
    client.mset({f"scan:{index}": index for index in range(3000)})
    assert len(set(client.scan_iter("scan:*", count=500))) == 3000
    client.hset("big", mapping={f"f{index}": index for index in range(1000)})
    assert len(dict(client.hscan_iter("big"))) == 1000


def reads_streams_in_groups():
    client = connect()
    client.delete("stream")
    client.xgroup_create("stream", "group", id="0", mkstream=True)
    sent = client.xadd("stream", {"field": "value"})
    [[_, entries]] = client.xreadgroup("group", "consumer", {"stream": ">"})
    assert entries == [(sent, {b"field": b"value"})]
    assert client.xack("stream", "group", sent) == 1


def speaks_tls():
    client = redis.Redis(
        host="localhost", port=TLS_PORT, ssl=True, ssl_ca_certs=os.environ["WEFTKIT_TEST_CA"], **LOGIN
    )
    client.set("k", b"x" * 1_000_000)
    assert client.get("k") == b"x" * 1_000_000


def reconnects():
    client = connect(single_connection_client=True, retry_on_error=[redis.ConnectionError])
    killer = connect()
    assert killer.execute_command("CLIENT", "KILL", "ID", client.client_id()) == 1
    assert client.ping()


CHECKS = [
    logs_in,
    refuses_a_wrong_password,
    speaks_resp3,
    keeps_bytes,
    pipelines,
    runs_transactions,
    publishes_and_subscribes,
    waits_in_a_blocking_pop,
    scans_all_keys,
    reads_streams_in_groups,
    speaks_tls,
    reconnects,
]


def main():
    failed = 0
    for check in CHECKS + APPLICATIONS:
        try:
            check()
            print(f"ok {check.__name__}", flush=True)
        except Exception as error:  # every failure is a result here
            failed = 1
            print(f"not ok {check.__name__}: {type(error).__name__} {error}", flush=True)
    sys.stdout.flush()
    # Without what the applications would still say while the interpreter takes itself apart.
    os._exit(failed)


main()
