"""Applications in Python that live on Redis: what they promise their users, kept here too."""

import asyncio
import os
import subprocess
import sys
import threading
import time

import redis

URL = "redis://{}:{}@127.0.0.1:{}/0".format(
    os.environ["WEFTKIT_TEST_USER"], os.environ["WEFTKIT_TEST_PASSWORD"], os.environ["WEFTKIT_TEST_PORT"]
)


def double(number):
    return number * 2


def rq_runs_jobs():
    from rq import Queue, SimpleWorker

    client = redis.from_url(URL)
    queue = Queue("rq", connection=client)
    jobs = [queue.enqueue("applications.double", number) for number in range(20)]
    SimpleWorker([queue], connection=client).work(burst=True, logging_level="ERROR")
    assert sum(job.return_value() for job in jobs) == 380


CELERY = """
from celery import Celery
app = Celery("c", broker={0!r}, backend={0!r})
@app.task
def add(left, right):
    return left + right
@app.task
def total(numbers):
    return sum(numbers)
"""


def celery_runs_tasks_and_a_chord():
    with open("celery_app.py", "w") as file:
        file.write(CELERY.format(URL))
    command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", "2", "-P", "threads", "-l", "ERROR"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        from celery import chord

        import celery_app

        results = [celery_app.add.delay(number, 1) for number in range(20)]
        assert sum(result.get(timeout=60) for result in results) == 210
        header = [celery_app.add.s(number, number) for number in range(10)]
        assert chord(header)(celery_app.total.s()).get(timeout=60) == 90
    finally:
        worker.terminate()
        worker.wait(30)


def dramatiq_runs_messages_with_results_and_delays():
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.results import Results
    from dramatiq.results.backends import RedisBackend

    broker = RedisBroker(url=URL)
    broker.add_middleware(Results(backend=RedisBackend(url=URL)))
    dramatiq.set_broker(broker)
    actor = dramatiq.actor(double, store_results=True)
    worker = dramatiq.Worker(broker, worker_threads=2)
    worker.start()
    messages = [actor.send(number) for number in range(20)]
    assert sum(message.get_result(block=True, timeout=20_000) for message in messages) == 380
    assert actor.send_with_options(args=(3,), delay=200).get_result(block=True, timeout=20_000) == 6
    worker.stop()


def huey_runs_tasks_by_priority_and_time():
    from huey import PriorityRedisHuey

    huey = PriorityRedisHuey("huey", url=URL)
    task = huey.task()(double)
    consumer = huey.create_consumer(workers=2)
    consumer.start()
    results = [task(number) for number in range(20)]
    assert sum(result.get(blocking=True, timeout=20) for result in results) == 380
    assert task.schedule((5,), delay=1).get(blocking=True, timeout=20) == 10
    with huey.lock_task("lock"):
        pass
    consumer.stop(graceful=True)


def locks_let_one_in_at_a_time():
    import redis_lock

    count = [0]

    def work(make):
        client = redis.from_url(URL)
        for _ in range(10):
            with make(client):
                before = count[0]
                time.sleep(0.0005)
                count[0] = before + 1

    makers = [
        lambda client: client.lock("one", timeout=20, sleep=0.002),
        lambda client: redis_lock.Lock(client, "other", expire=20),
    ]
    for make in makers:
        threads = [threading.Thread(target=work, args=(make,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert count[0] == 100
    held = redis.from_url(URL).lock("two", timeout=5)
    assert held.acquire() and held.extend(5) and held.reacquire()
    held.release()


def limits_are_kept_by_each_strategy():
    from limits import parse, storage, strategies

    store = storage.storage_from_string(URL)
    for strategy in (
        strategies.FixedWindowRateLimiter,
        strategies.MovingWindowRateLimiter,
        strategies.SlidingWindowCounterRateLimiter,
    ):
        limiter = strategy(store)
        assert sum(limiter.hit(parse("5/hour"), strategy.__name__) for _ in range(10)) == 5


def flask_limiter_refuses_the_fourth():
    from flask import Flask
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = Flask("app")
    Limiter(get_remote_address, app=app, storage_uri=URL, default_limits=["3/hour"])
    app.get("/")(lambda: "here")
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def channels_carry_messages_to_groups():
    from channels_redis.core import RedisChannelLayer
    from channels_redis.pubsub import RedisPubSubChannelLayer

    async def run():
        for layer in (RedisChannelLayer(hosts=[URL]), RedisPubSubChannelLayer(hosts=[URL])):
            channel = await layer.new_channel()
            await layer.group_add("group", channel)
            await layer.group_send("group", {"type": "note", "number": 1})
            assert (await asyncio.wait_for(layer.receive(channel), 20))["number"] == 1
            await layer.flush()

    asyncio.run(run())


def django_caches_and_locks():
    import django
    from django.conf import settings

    backend = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": URL}
    settings.configure(CACHES={"default": backend})
    django.setup()
    from django.core.cache import cache

    cache.set("a", 1)
    assert cache.incr("a") == 2
    cache.set_many({"x1": 1, "x2": 2, "y": 3})
    with cache.lock("lock", timeout=5):
        pass
    assert cache.delete_pattern("x*") == 2
    assert cache.get("x1") is None and cache.get("y") == 3


APPLICATIONS = [
    rq_runs_jobs,
    celery_runs_tasks_and_a_chord,
    dramatiq_runs_messages_with_results_and_delays,
    huey_runs_tasks_by_priority_and_time,
    locks_let_one_in_at_a_time,
    limits_are_kept_by_each_strategy,
    flask_limiter_refuses_the_fourth,
    channels_carry_messages_to_groups,
    django_caches_and_locks,
]
