"""asyncpg: every type in the binary format both ways, prepared statements, cursors, COPY, listeners, transactions."""

import asyncio
import datetime
import decimal
import ipaddress
import sys
import uuid

import asyncpg


async def main():
    connection = await asyncpg.connect(f"postgres://postgres@127.0.0.1:{sys.argv[1]}/weftkit")
    values = {
        "bool": True,
        "int2": -5,
        "int4": 2**31 - 1,
        "int8": -(2**63),
        "float4": 1.5,
        "float8": 1e300,
        "numeric": decimal.Decimal("-12345678901234567890.0123"),
        "text": "ünï",
        "varchar": "v",
        "bytea": b"\x00\xff",
        "uuid": uuid.UUID(int=7),
        "date": datetime.date(2020, 2, 29),
        "time": datetime.time(1, 2, 3, 4),
        "timestamp": datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
        "timestamptz": datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc),
        "interval": datetime.timedelta(days=3, seconds=4, microseconds=5),
        "json": '{"a": 1}',
        "jsonb": '{"a": [1, null]}',
        "inet": ipaddress.ip_interface("10.0.0.1/8"),
        "cidr": ipaddress.ip_network("10.0.0.0/8"),
        "macaddr": "08:00:2b:01:02:03",
        "int4range": asyncpg.Range(1, 5),
        "bit(3)": asyncpg.BitString("101"),
    }
    for name, value in values.items():
        print(name, repr(await connection.fetchval(f"select $1::{name}", value)))
        if name != "bit(3)":
            print(name, repr(await connection.fetchval(f"select $1::{name}[]", [value, None])))
    print(await connection.fetchval("select null::int4"), await connection.fetchval("select row(1, 'a', null)"))
    await connection.execute("create type mood as enum ('sad', 'ok'); create type pair as (a int, b text)")
    await connection.execute("create table things (id serial primary key, m mood, p pair, n numeric)")
    statement = await connection.prepare("insert into things (m, p, n) values ($1, $2, $3) returning *")
    print(await statement.fetchrow("ok", (1, "x"), decimal.Decimal("1.10")))
    print([parameter.name for parameter in statement.get_parameters()])
    rows = [(None, None, decimal.Decimal(i)) for i in range(10)]
    print(await connection.copy_records_to_table("things", records=rows, columns=["m", "p", "n"]))
    async with connection.transaction(isolation="repeatable_read"):
        seen = [row["id"] async for row in connection.cursor("select id from things order by id", prefetch=3)]
        print(seen)
        try:
            async with connection.transaction():
                await connection.execute("insert into things (id) values (1)")
        except asyncpg.UniqueViolationError as error:
            print(error.sqlstate, error.constraint_name, error.detail)
    heard = asyncio.get_running_loop().create_future()
    await connection.add_listener("news", lambda *given: heard.set_result(given[2:]))
    await connection.execute("notify news, 'hello'")
    print(await heard)
    try:
        await connection.execute("select pg_sleep(10)", timeout=0.2)
    except asyncio.TimeoutError:
        print("timed out")
    print(await connection.fetchval("select 1"))
    await connection.close()


asyncio.run(main())
