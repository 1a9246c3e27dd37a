"""Python's drivers and object mappers against the engine. Each program prints what it saw, and expected/ holds what it saw on
PostgreSQL 18: `python checks.py record PORT` writes those files anew."""

import os
import subprocess
import sys

import psycopg

FOLDER = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ["asyncpg_types", "django_shop", "sqlalchemy_orm"]
mode = sys.argv[1] if len(sys.argv) > 1 else "check"
port = sys.argv[2] if len(sys.argv) > 2 else os.environ["WEFTKIT_TEST_OPEN_PORT"]
failed = 0


def clean():
    """Leaves an empty public schema, and no other."""
    with psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=weftkit", autocommit=True) as connection:
        schemas = connection.execute(
            "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(f'drop schema "{schema}" cascade')
        connection.execute("create schema public")


for name in PROGRAMS:
    clean()
    done = subprocess.run([sys.executable, f"{name}.py", port], cwd=FOLDER, capture_output=True, text=True)
    path = os.path.join(FOLDER, "expected", f"{name}.txt")
    if mode == "record":
        with open(path, "w") as file:
            file.write(done.stdout)
    with open(path) as file:
        expected = file.read().splitlines()
    lines = done.stdout.splitlines()
    if done.returncode == 0 and lines == expected:
        print(f"ok {name}", flush=True)
        continue
    failed += 1
    at = next((i for i, line in enumerate(lines) if i >= len(expected) or line != expected[i]), len(lines))
    why = f"line {at + 1}: {lines[at:at + 1]} instead of {expected[at:at + 1]} {done.stderr[-1500:]}"
    print(f"not ok {name}: {why}".replace("\n", " | "), flush=True)
sys.exit(1 if failed else 0)
