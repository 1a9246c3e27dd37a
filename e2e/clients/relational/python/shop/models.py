"""Models of a small shop, with what PostgreSQL has beside the standard's types."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Upper


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)


class Author(models.Model):
    name = models.CharField(max_length=50, db_index=True)
    email = models.EmailField(unique=True)
    data = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=10), default=list)
    born = models.DateField(null=True)
    duration = models.DurationField(null=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["name", "-born"], name="name_born"),
            GinIndex(fields=["data"], name="data_gin"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(name__gt=""), name="has_name"),
            models.UniqueConstraint(fields=["name"], condition=models.Q(born__isnull=True), name="unborn"),
        ]


class Book(models.Model):
    title = models.TextField(db_comment="as printed")
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    price = models.DecimalField(max_digits=8, decimal_places=2)
    tags = models.ManyToManyField(Tag)
    added = models.DateTimeField(auto_now_add=True)
    loud = models.GeneratedField(expression=Upper("title"), output_field=models.TextField(), db_persist=True)
