"""PyMongo and Beanie against the engine: one check per function, named as it is printed."""

import asyncio
import datetime
import os
import sys
import threading
import uuid

import gridfs
from beanie import Document, Indexed, init_beanie
from bson import Decimal128, ObjectId, decode_all, encode
from pymongo import AsyncMongoClient, DeleteMany, InsertOne, MongoClient, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

PORT = os.environ["WEFTKIT_TEST_PORT"]
USER = os.environ["WEFTKIT_TEST_USER"]
PASSWORD = os.environ["WEFTKIT_TEST_PASSWORD"]
URL = "mongodb://{}:{}@127.0.0.1:{}/?authSource=admin".format(USER, PASSWORD, PORT)


def connect(**options):
    return MongoClient(URL, uuidRepresentation="standard", **options)


def database(client):
    return client["check_" + uuid.uuid4().hex[:12]]


def connects_by_seed_and_by_uri():
    for options in ({}, {"replicaSet": "rs0"}, {"directConnection": True}, {"compressors": "zlib"}):
        with connect(**options) as client:
            assert client.admin.command("ping")["ok"] == 1
    seed = MongoClient("127.0.0.1", int(PORT), username=USER, password=PASSWORD, replicaSet="rs0")
    assert seed.primary is None or seed.primary[1] == int(PORT)
    assert seed.admin.command("hello")["setName"] == "rs0"
    seed.close()


def logs_in_with_both_mechanisms_and_over_tls():
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        with connect(authMechanism=mechanism) as client:
            client.admin.command("ping")
    url = URL.replace(PORT, os.environ["WEFTKIT_TEST_TLS_PORT"])
    with MongoClient(url, tls=True, tlsCAFile=os.environ["WEFTKIT_TEST_CA"]) as client:
        client.admin.command("ping")
    try:
        MongoClient(URL.replace(PASSWORD, "wrong")).admin.command("ping")
    except OperationFailure as error:
        assert error.code == 18, error
    else:
        raise AssertionError("a wrong password was taken")


def writes_and_reads_documents():
    with connect() as client:
        users = database(client).users
        users.create_index("email", unique=True)
        made = users.insert_one({"email": "ann@example.com", "tags": ["admin"], "balance": Decimal128("1.10")})
        assert isinstance(made.inserted_id, ObjectId)
        users.insert_many([{"email": "u%d@example.com" % n, "n": n} for n in range(500)])
        try:
            users.insert_one({"email": "ann@example.com"})
        except DuplicateKeyError as error:
            assert error.details["keyValue"] == {"email": "ann@example.com"}
        else:
            raise AssertionError("a second one was taken")
        assert users.update_many({"n": {"$gte": 100}}, {"$inc": {"n": 1000}}).modified_count == 400
        found = users.find({"n": {"$gte": 1000}}).sort("n", -1).limit(150).batch_size(40)
        assert [one["n"] for one in found] == list(range(1499, 1349, -1))
        after = users.find_one_and_update({"n": 5}, {"$push": {"tags": "x"}}, return_document=True)
        assert after["tags"] == ["x"]
        total = users.aggregate([{"$group": {"_id": None, "sum": {"$sum": "$n"}}}]).next()
        assert total["sum"] == sum(range(100)) + sum(range(1100, 1500)), total
        assert users.delete_many({"n": {"$lt": 100}}).deleted_count == 100


def writes_in_bulk_to_one_and_to_many_collections():
    with connect() as client:
        base = database(client)
        requests = [InsertOne({"_id": 1}), UpdateOne({"_id": 2}, {"$set": {"a": 1}}, upsert=True), DeleteMany({"_id": 1})]
        result = base.one.bulk_write(requests)
        assert (result.inserted_count, result.upserted_count, result.deleted_count) == (1, 1, 1)
        try:
            base.one.bulk_write([InsertOne({"_id": 5}), InsertOne({"_id": 5}), InsertOne({"_id": 6})], ordered=False)
        except BulkWriteError as error:
            assert error.details["nInserted"] == 2 and error.details["writeErrors"][0]["code"] == 11000
        else:
            raise AssertionError("a second one was taken")
        models = [
            InsertOne({"_id": 1}, namespace=base.name + ".a"),
            UpdateOne({"_id": 9}, {"$set": {"x": 1}}, upsert=True, namespace=base.name + ".b"),
        ]
        result = client.bulk_write(models, verbose_results=True)
        assert result.inserted_count == 1 and result.update_results[1].upserted_id == 9


def transactions_commit_abort_and_conflict():
    with connect() as client:
        accounts = database(client).accounts
        accounts.insert_many([{"_id": "a", "n": 100}, {"_id": "b", "n": 0}])

        def move(session):
            accounts.update_one({"_id": "a"}, {"$inc": {"n": -10}}, session=session)
            accounts.update_one({"_id": "b"}, {"$inc": {"n": 10}}, session=session)

        with client.start_session() as session:
            session.with_transaction(
                move, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )
            with session.start_transaction():
                move(session)
                assert accounts.find_one({"_id": "b"})["n"] == 10
                session.abort_transaction()
            with session.start_transaction(), client.start_session() as other:
                move(session)
                try:
                    with other.start_transaction():
                        move(other)
                except OperationFailure as error:
                    assert error.code == 112 and error.has_error_label("TransientTransactionError")
                else:
                    raise AssertionError("both were let through")
        assert [one["n"] for one in accounts.find().sort("_id")] == [80, 20]


def change_streams_are_resumed():
    with connect() as client:
        events = database(client).events
        events.insert_one({"_id": 0})
        with events.watch(full_document="updateLookup") as stream:
            writer = threading.Thread(target=lambda: [events.insert_one({"_id": n}) for n in range(1, 6)])
            writer.start()
            seen = [stream.next()["documentKey"]["_id"] for _ in range(2)]
            token = stream.resume_token
            writer.join()
        with events.watch(resume_after=token) as stream:
            seen += [stream.next()["documentKey"]["_id"] for _ in range(3)]
            events.update_one({"_id": 1}, {"$set": {"a": 1}})
            assert stream.next()["updateDescription"]["updatedFields"] == {"a": 1}
        assert seen == [1, 2, 3, 4, 5], seen


def files_are_kept_in_gridfs():
    with connect() as client:
        files = gridfs.GridFS(database(client))
        content = os.urandom(700_000)
        key = files.put(content, filename="a.bin", kind="random")
        assert files.get(key).read() == content
        assert files.find_one({"metadata": None, "filename": "a.bin"})._id == key
        files.delete(key)
        assert not files.exists(key)


def users_are_made_and_may_do_what_their_roles_allow():
    with connect() as client:
        base = database(client)
        base.c.insert_one({"_id": 1})
        base.command("createUser", "reader", pwd="pass", roles=["read"])
        url = "mongodb://reader:pass@127.0.0.1:{}/{}".format(PORT, base.name)
        with MongoClient(url) as reader:
            mine = reader.get_default_database()
            assert mine.c.count_documents({}) == 1
            try:
                mine.c.insert_one({})
            except OperationFailure as error:
                assert error.code == 13, error
            else:
                raise AssertionError("a reader has written")
        base.command("dropUser", "reader")


def dumps_and_restores_with_the_commands_of_mongodump():
    """What mongodump and mongorestore send, in their order."""
    with connect() as client:
        base = database(client)
        base.create_collection("kept", validator={"n": {"$type": "int"}})
        base.kept.create_index([("n", 1)], name="by_n", unique=True)
        base.create_collection("seen", viewOn="kept", pipeline=[{"$match": {"n": {"$gt": 2}}}])
        base.kept.insert_many([{"_id": n, "n": n} for n in range(1, 6)])
        assert base.name in [one["name"] for one in client.admin.command("listDatabases", nameOnly=True)["databases"]]
        infos = base.command("listCollections", cursor={}, filter={})["cursor"]["firstBatch"]
        options = {one["name"]: one["options"] for one in infos}
        indexes = base.command("listIndexes", "kept", cursor={})["cursor"]["firstBatch"]
        dumped = b"".join(encode(one) for one in base.kept.find({}, hint={"_id": 1}, no_cursor_timeout=False))
        base.command("dropDatabase")
        copy = client[base.name + "_copy"]
        copy.command("create", "kept", **options["kept"])
        copy.command("insert", "kept", documents=decode_all(dumped), ordered=False, bypassDocumentValidation=True)
        specs = [{**one, "ns": copy.name + ".kept"} for one in indexes if one["name"] != "_id_"]
        copy.command("createIndexes", "kept", indexes=specs, ignoreUnknownIndexOptions=True)
        copy.command("create", "seen", **options["seen"])
        assert [one["n"] for one in copy.seen.find().sort("n")] == [3, 4, 5]
        assert copy.kept.index_information()["by_n"]["unique"]
        copy.command("dropDatabase")


class Author(Document):
    name: Indexed(str, unique=True)
    born: datetime.date | None = None

    class Settings:
        name = "authors"


class Book(Document):
    title: str
    author: str
    tags: list[str] = []
    copies: int = 1

    class Settings:
        name = "books"
        indexes = ["author", [("author", 1), ("title", 1)]]


def an_application_of_beanie_lends_books():
    async def run():
        client = AsyncMongoClient(URL)
        base = client["check_" + uuid.uuid4().hex[:12]]
        await init_beanie(database=base, document_models=[Author, Book])
        await Author(name="Woolf", born=datetime.date(1882, 1, 25)).insert()
        try:
            await Author(name="Woolf").insert()
        except DuplicateKeyError:
            pass
        else:
            raise AssertionError("a second one was taken")
        titles = ["The Waves", "Orlando", "Flush"]
        await Book.insert_many([Book(title=title, author="Woolf", tags=["novel"]) for title in titles])
        await Book.find(Book.title == "Flush").update({"$addToSet": {"tags": "dog"}})
        assert [one.title async for one in Book.find(Book.author == "Woolf").sort(Book.title)] == sorted(titles)
        counts = await Book.aggregate(
            [{"$unwind": "$tags"}, {"$group": {"_id": "$tags", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
        ).to_list()
        assert [(one["_id"], one["n"]) for one in counts] == [("dog", 1), ("novel", 3)]

        async def lend(title):
            async with client.start_session() as session:

                async def take(inner):
                    book = await Book.find_one(Book.title == title, session=inner)
                    book.copies -= 1
                    await book.save(session=inner)

                await session.with_transaction(take)

        await asyncio.gather(*(lend(title) for title in titles))
        assert await Book.find(Book.copies == 0).count() == 3
        await client.drop_database(base.name)
        await client.close()

    asyncio.run(run())


CHECKS = [
    connects_by_seed_and_by_uri,
    logs_in_with_both_mechanisms_and_over_tls,
    writes_and_reads_documents,
    writes_in_bulk_to_one_and_to_many_collections,
    transactions_commit_abort_and_conflict,
    change_streams_are_resumed,
    files_are_kept_in_gridfs,
    users_are_made_and_may_do_what_their_roles_allow,
    dumps_and_restores_with_the_commands_of_mongodump,
    an_application_of_beanie_lends_books,
]

failed = 0
for check in CHECKS:
    name = check.__name__.replace("_", " ")
    try:
        check()
        print("ok", name, flush=True)
    except Exception as error:
        failed += 1
        print("not ok {}: {!r}".format(name, error), flush=True)
sys.exit(1 if failed else 0)
