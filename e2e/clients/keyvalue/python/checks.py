"""boto3, PynamoDB and AWS's command line against the engine: one check per function, named as it is printed."""

import decimal
import json
import os
import subprocess
import sys
import time

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config
from botocore.exceptions import ClientError
from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

URL = "http://127.0.0.1:" + os.environ["WEFTKIT_TEST_PORT"]
TLS_URL = "https://127.0.0.1:" + os.environ["WEFTKIT_TEST_TLS_PORT"]
OPEN_URL = "http://127.0.0.1:" + os.environ["WEFTKIT_TEST_OPEN_PORT"]
USER = os.environ["WEFTKIT_TEST_USER"]
PASSWORD = os.environ["WEFTKIT_TEST_PASSWORD"]
LOGIN = {"region_name": "eu-central-1", "aws_access_key_id": USER, "aws_secret_access_key": PASSWORD}
ONCE = Config(retries={"max_attempts": 1})


def connect(**options):
    return boto3.client("dynamodb", **{"endpoint_url": URL, "config": ONCE, **LOGIN, **options})


def create(client, name, range_key=None, **more):
    keys = [("pk", "S", "HASH")] + ([(range_key, "N", "RANGE")] if range_key else [])
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, t, _ in keys],
        KeySchema=[{"AttributeName": k, "KeyType": kind} for k, _, kind in keys],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def runs_the_reference():
    """The examples of the product's API reference, word for word but for the address."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=OPEN_URL,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    for name, key, kind in [("sessions", "sessionId", "S"), ("orders", "customerId", "N")]:
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    # Put item
    client.put_item(
        TableName="sessions",
        Item={
            "sessionId": {"S": "abc123"},
            "userId": {"N": "42"},
            "data": {"S": '{"theme":"dark"}'},
            "ttl": {"N": str(int(time.time()) + 3600)},  # expires in 1 hour
        },
    )

    # Get item
    response = client.get_item(TableName="sessions", Key={"sessionId": {"S": "abc123"}})
    item = response.get("Item")
    assert item["data"] == {"S": '{"theme":"dark"}'}

    # Delete item
    client.delete_item(TableName="sessions", Key={"sessionId": {"S": "abc123"}})

    # Query by partition key
    client.put_item(TableName="orders", Item={"customerId": {"N": "42"}, "total": {"N": "5"}})
    response = client.query(
        TableName="orders",
        KeyConditionExpression="customerId = :cid",
        ExpressionAttributeValues={":cid": {"N": "42"}},
    )
    assert response["Count"] == 1

    # Batch write (up to 25 items)
    client.batch_write_item(
        RequestItems={
            "sessions": [
                {"PutRequest": {"Item": {"sessionId": {"S": "x1"}, "data": {"S": "{}"}}}},
                {"DeleteRequest": {"Key": {"sessionId": {"S": "old123"}}}},
            ]
        }
    )

    # Batch get (up to 100 items)
    response = client.batch_get_item(
        RequestItems={
            "sessions": {
                "Keys": [
                    {"sessionId": {"S": "x1"}},
                    {"sessionId": {"S": "x2"}},
                ]
            }
        }
    )
    assert response["Responses"]["sessions"] == [{"sessionId": {"S": "x1"}, "data": {"S": "{}"}}]

    # Enable TTL on a table
    client.update_time_to_live(
        TableName="sessions",
        TimeToLiveSpecification={
            "Enabled": True,
            "AttributeName": "ttl",  # Unix timestamp field
        },
    )


def refuses_a_wrong_password():
    try:
        connect(aws_secret_access_key="wrong").list_tables()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidSignatureException", error
        return
    raise AssertionError("it was accepted")


def speaks_tls():
    assert "TableNames" in connect(endpoint_url=TLS_URL, verify=os.environ["WEFTKIT_TEST_CA"]).list_tables()


def keeps_resources():
    """The resource API: Python's own values, Decimal and sets and bytes."""
    create(connect(), "resources", "sk")
    table = boto3.resource("dynamodb", endpoint_url=URL, config=ONCE, **LOGIN).Table("resources")
    value = {
        "pk": "a",
        "sk": 1,
        "exact": decimal.Decimal("12345678901234567890.123456789012345678"),
        "set": {"x", "y"},
        "numbers": {1, 2},
        "bytes": b"\x00\xff",
        "nested": {"list": [1, None, True, {"deep": "ä🦊"}]},
    }
    table.put_item(Item=value)
    found = table.get_item(Key={"pk": "a", "sk": 1})["Item"]
    assert bytes(found.pop("bytes")) == value.pop("bytes")
    assert found == value, found
    with table.batch_writer() as batch:
        for i in range(2, 100):
            batch.put_item(Item={"pk": "a", "sk": i, "even": i % 2 == 0})
    page = table.query(KeyConditionExpression=Key("pk").eq("a") & Key("sk").between(10, 20), FilterExpression=Attr("even").eq(True))
    assert [int(item["sk"]) for item in page["Items"]] == [10, 12, 14, 16, 18, 20]
    try:
        table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").not_exists())
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return
    raise AssertionError("the condition held")


def pages_and_waits():
    client = connect()
    create(client, "paged", "sk")
    for i in range(30):
        client.put_item(TableName="paged", Item={"pk": {"S": "p"}, "sk": {"N": str(i)}, "t": {"S": "x" * 50_000}})
    pages = list(client.get_paginator("scan").paginate(TableName="paged"))
    assert len(pages) > 1 and sum(page["Count"] for page in pages) == 30
    client.delete_table(TableName="paged")
    client.get_waiter("table_not_exists").wait(TableName="paged", WaiterConfig={"Delay": 1})


def follows_streams():
    client = connect()
    create(client, "streamed", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    client.put_item(TableName="streamed", Item={"pk": {"S": "1"}, "n": {"N": "1"}})
    streams = boto3.client("dynamodbstreams", endpoint_url=URL, config=ONCE, **LOGIN)
    (stream,) = streams.list_streams(TableName="streamed")["Streams"]
    description = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    (shard,) = description["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["eventName"] == "INSERT" and record["dynamodb"]["NewImage"]["n"] == {"N": "1"}
    assert record["dynamodb"]["ApproximateCreationDateTime"].year >= 2026


def speaks_partiql():
    client = connect()
    create(client, "partiql")
    client.execute_statement(Statement="INSERT INTO partiql VALUE {'pk': ?, 'n': 1}", Parameters=[{"S": "a"}])
    found = client.execute_statement(Statement='SELECT n FROM "partiql" WHERE pk = ?', Parameters=[{"S": "a"}])
    assert found["Items"] == [{"n": {"N": "1"}}]


class ByTopic(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-topic"
        projection = AllProjection()

    topic = UnicodeAttribute(hash_key=True)
    written = NumberAttribute(range_key=True)


class Place(MapAttribute):
    city = UnicodeAttribute()
    street = UnicodeAttribute(null=True)


class Thread(Model):
    class Meta:
        table_name = "threads"
        host = URL
        region = "eu-central-1"
        aws_access_key_id = USER
        aws_secret_access_key = PASSWORD
        billing_mode = "PAY_PER_REQUEST"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    topic = UnicodeAttribute(default="none")
    written = NumberAttribute(default=0)
    views = NumberAttribute(default=0)
    tags = UnicodeSetAttribute(null=True)
    place = Place(null=True)
    places = ListAttribute(of=Place, null=True)
    at = UTCDateTimeAttribute(null=True)
    version = VersionAttribute()
    by_topic = ByTopic()


def runs_pynamodb():
    """A forum on PynamoDB: models, indexes, versions, batches, transactions."""
    Thread.create_table(wait=True)
    first = Thread("weaving", "first", topic="looms", tags={"a", "b"}, place=Place(city="Köln"), written=1)
    first.save()
    stale = Thread.get("weaving", "first")
    first.update(
        actions=[
            Thread.views.set(Thread.views + 5),
            Thread.place.city.set("Bonn"),
            Thread.tags.delete({"a"}),
            Thread.places.set([Place(city="Aachen")]),
        ],
        condition=Thread.topic == "looms",
    )
    assert (first.views, first.place.city, first.tags, first.version) == (5, "Bonn", {"b"}, 2)
    try:
        stale.save()
    except PutError as error:
        assert error.cause_response_code == "ConditionalCheckFailedException"
    else:
        raise AssertionError("an old version was saved")
    with Thread.batch_write() as batch:
        for i in range(40):
            batch.save(Thread("weaving", f"s{i:02}", topic="looms" if i % 2 else "yarn", written=i + 10))
    found = Thread.query("weaving", Thread.subject.between("s05", "s15"), filter_condition=Thread.topic == "yarn", page_size=3)
    assert [thread.subject for thread in found] == ["s06", "s08", "s10", "s12", "s14"]
    assert [t.written for t in Thread.by_topic.query("looms", limit=3)] == [1, 11, 13]
    assert Thread.count("weaving") == 41
    got = {thread.subject for thread in Thread.batch_get([("weaving", "s01"), ("weaving", "nope"), ("weaving", "s02")])}
    assert got == {"s01", "s02"}
    connection = Thread._get_connection().connection
    with TransactWrite(connection=connection, client_request_token="token-1") as transaction:
        transaction.save(Thread("weaving", "new"), condition=Thread.forum.does_not_exist())
        transaction.delete(Thread.get("weaving", "s03"))
    try:
        with TransactWrite(connection=connection) as transaction:
            transaction.condition_check(Thread, "weaving", "s04", condition=Thread.views > 100)
            transaction.delete(Thread.get("weaving", "s05"))
    except TransactWriteError as error:
        assert [reason.code if reason else None for reason in error.cancellation_reasons] == ["ConditionalCheckFailed", None]
    else:
        raise AssertionError("the transaction was done")
    assert Thread.count("weaving") == 41
    Thread.delete_table()


def runs_the_command_line():
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": USER,
        "AWS_SECRET_ACCESS_KEY": PASSWORD,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_PAGER": "",
    }
    program = os.path.join(os.path.dirname(sys.executable), "aws")

    def aws(*arguments):
        command = [program, "--endpoint-url", URL, "--output", "json", "dynamodb", *arguments]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        return json.loads(output) if output.strip() else None

    aws(
        "create-table",
        "--table-name=cli",
        "--attribute-definitions=AttributeName=pk,AttributeType=S",
        "--key-schema=AttributeName=pk,KeyType=HASH",
        "--billing-mode=PAY_PER_REQUEST",
        "--tags=Key=team,Value=weft",
    )
    aws("wait", "table-exists", "--table-name=cli")
    aws("put-item", "--table-name=cli", '--item={"pk":{"S":"a"},"n":{"N":"1"}}')
    found = aws("get-item", "--table-name=cli", '--key={"pk":{"S":"a"}}', "--consistent-read")
    assert found["Item"]["n"] == {"N": "1"}
    updated = aws(
        "update-item",
        "--table-name=cli",
        '--key={"pk":{"S":"a"}}',
        "--update-expression=ADD n :n",
        '--expression-attribute-values={":n":{"N":"41"}}',
        "--return-values=ALL_NEW",
    )
    assert updated["Attributes"]["n"] == {"N": "42"}
    assert aws("scan", "--table-name=cli")["Count"] == 1
    assert aws("describe-table", "--table-name=cli")["Table"]["TableStatus"] == "ACTIVE"


CHECKS = [
    runs_the_reference,
    refuses_a_wrong_password,
    speaks_tls,
    keeps_resources,
    pages_and_waits,
    follows_streams,
    speaks_partiql,
    runs_pynamodb,
    runs_the_command_line,
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
