"""Django: its own migrations and the shop's up and down, queries, constraints, introspection."""

import datetime
import os
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.postgres",
        "shop",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": sys.argv[1],
            "USER": "postgres",
            "NAME": "weftkit",
        }
    },
    USE_TZ=True,
    SECRET_KEY="not a secret",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.postgres.aggregates import ArrayAgg  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, StdDev, Sum, Window  # noqa: E402
from django.db.models.functions import ExtractYear, RowNumber, TruncMonth  # noqa: E402
from shop.models import Author, Book, Tag  # noqa: E402

for name in os.listdir("shop/migrations"):
    if name.startswith("0"):
        os.remove("shop/migrations/" + name)
call_command("makemigrations", "shop", verbosity=0)
call_command("migrate", verbosity=0)

ann = Author.objects.create(
    name="ann",
    email="a@x",
    data={"k": {"z": [1, 2]}, "t": "v"},
    tags=["x", "y"],
    born=datetime.date(2000, 1, 2),
    duration=datetime.timedelta(hours=5),
    address="10.0.0.1",
)
one = Book.objects.create(title="one", author=ann, price="2.50")
Book.objects.bulk_create([Book(title=f"b{i}", author=ann, price=i) for i in range(5)])
one.tags.add(Tag.objects.create(name="g"))
one.refresh_from_db()
ann.refresh_from_db()
print(one.loud, ann.duration, ann.address, ann.tags, ann.born)

authors = Author.objects
print(list(authors.filter(data__k__z__0=1, tags__contains=["x"]).values_list("name", "data__t")))
print(list(authors.filter(data__has_key="t", data__contains={"t": "v"}, tags__overlap=["y"], tags__len=2).values_list("name")))
print(list(authors.annotate(n=Count("books"), s=Sum("books__price")).filter(n__gt=1).values_list("name", "n", "s")))
rows = Window(RowNumber(), partition_by="author", order_by=F("price").desc())
print(list(Book.objects.annotate(r=rows).order_by("r").values_list("title", "r")[:3]))
print(Book.objects.annotate(y=ExtractYear("added"), m=TruncMonth("added")).filter(y__gt=2000).count())
print(list(Book.objects.select_related("author").filter(tags__name="g").values_list("author__name", "title")))
print(Book.objects.filter(price__gte=3).update(price=F("price") + 1))
print(Book.objects.aggregate(Avg("price"), StdDev("price")))
print(authors.update_or_create(email="a@x", defaults={"name": "bob"})[1])
print(authors.get_or_create(email="q", defaults={"name": "q"})[1])
with transaction.atomic():
    Book.objects.select_for_update(skip_locked=True).first()
    try:
        with transaction.atomic():
            authors.create(name="z", email="a@x")
    except IntegrityError as error:
        print(error.__cause__.diag.constraint_name.startswith("shop_author_email"))
print(list(authors.filter(name__icontains="O", name__iregex="^b", email__istartswith="A").values_list("name")))
print(authors.filter(Exists(Book.objects.filter(author=OuterRef("pk")))).count())
dear = Count("id", filter=Q(price__gt=3))
print(list(Book.objects.values("author").annotate(c=dear).order_by("author").values_list("c")))
Book.objects.bulk_create([Book(title="one", author=ann, price=1)], ignore_conflicts=True)
Tag.objects.bulk_create(
    [Tag(name="g"), Tag(name="h")], update_conflicts=True, unique_fields=["name"], update_fields=["name"]
)
print(list(Tag.objects.order_by("name").values_list("name")))
print(Book.objects.union(Book.objects.filter(price=1)).count())
titles = ArrayAgg("books__title", order_by="books__title")
print(list(authors.annotate(titles=titles).filter(name="bob").values_list("titles")))
call_command("inspectdb", "shop_book", "shop_author")
call_command("flush", interactive=False, verbosity=0)
print(authors.count())
call_command("migrate", "shop", "zero", verbosity=0)
print(sorted(connection.introspection.table_names()))
