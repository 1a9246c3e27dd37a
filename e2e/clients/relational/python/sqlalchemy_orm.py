"""SQLAlchemy: metadata up and down, relations, JSON, arrays, ranges, upserts, savepoints, reflection; Alembic's comparison."""

import datetime
import decimal
import enum
import sys
import uuid

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Interval,
    Numeric,
    String,
    Text,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, relationship, selectinload

engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{sys.argv[1]}/weftkit")


class Base(DeclarativeBase):
    pass


class Mood(enum.Enum):
    sad = 1
    ok = 2


class User(Base):
    __tablename__ = "users"
    id = mapped_column(BigInteger, primary_key=True)
    name = mapped_column(String(30), unique=True)
    mood = mapped_column(Enum(Mood), default=Mood.ok)
    data = mapped_column(postgresql.JSONB)
    tags = mapped_column(postgresql.ARRAY(Text))
    ref = mapped_column(Uuid, default=uuid.uuid4)
    price = mapped_column(Numeric(10, 2))
    at = mapped_column(DateTime(timezone=True), server_default=func.now())
    period = mapped_column(Interval)
    span = mapped_column(postgresql.INT4RANGE)
    posts = relationship("Post", back_populates="user", cascade="all, delete-orphan")
    __table_args__ = (
        CheckConstraint("price > 0", name="price_pos"),
        Index("users_lower", func.lower(name)),
        Index("users_data", "data", postgresql_using="gin"),
    )


class Post(Base):
    __tablename__ = "posts"
    id = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title = mapped_column(Text, comment="the title")
    user_id = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    loud = mapped_column(Text, Computed("title || '!'", persisted=True))
    user = relationship(User, back_populates="posts")


Base.metadata.create_all(engine)
with Session(engine) as session:
    ann = User(
        name="ann",
        data={"a": [1, {"b": 2}]},
        tags=["x", "y"],
        price=decimal.Decimal("1.50"),
        period=datetime.timedelta(days=1, seconds=5),
        span=postgresql.Range(1, 5),
        posts=[Post(title="p1"), Post(title="p2")],
    )
    session.add(ann)
    session.commit()
    print(ann.id, ann.mood, ann.tags, ann.price, ann.period, ann.span, [post.loud for post in ann.posts])
    print(session.scalars(select(User).where(User.data["a"][1]["b"].as_integer() == 2)).one().name)
    titles = func.array_agg(postgresql.aggregate_order_by(Post.title, Post.title.desc()))
    print(session.execute(select(User.name, func.count(Post.id), titles).join(Post).group_by(User.name)).all())
    upsert = postgresql.insert(User).values(name="ann", price=2)
    upsert = upsert.on_conflict_do_update(index_elements=["name"], set_={"price": 7}).returning(User.price)
    print(session.execute(upsert).all())
    loaded = select(User).options(selectinload(User.posts)).with_for_update(skip_locked=True)
    print(session.scalars(loaded).all()[0].posts[0].title)
    numbered = select(Post.title, func.row_number().over(order_by=Post.id)).order_by(Post.id)
    print(session.execute(numbered).all())
    many = [{"title": str(i), "user_id": ann.id} for i in range(5)]
    print(session.execute(insert(Post).returning(Post.id, sort_by_parameter_order=True), many).all())
    with session.begin_nested() as savepoint:
        session.execute(delete(Post))
        savepoint.rollback()
    print(session.scalar(select(func.count()).select_from(Post)))
    session.commit()
    try:
        session.execute(insert(User).values(name="ann", price=1))
    except IntegrityError as error:
        session.rollback()
        print(error.orig.diag.constraint_name)

found = inspect(engine)
for table in sorted(found.get_table_names()):
    for column in found.get_columns(table):
        shown = [column["name"], str(column["type"]), column["nullable"], column["default"]]
        print(table, *shown, column.get("identity"), column.get("computed"), column.get("comment"))
    print(found.get_pk_constraint(table), found.get_foreign_keys(table), found.get_unique_constraints(table))
    print(found.get_indexes(table), found.get_check_constraints(table))
print(found.get_enums(), found.get_sequence_names())
with engine.connect() as connection:
    print(compare_metadata(MigrationContext.configure(connection), Base.metadata))
Base.metadata.drop_all(engine)
print(inspect(engine).get_table_names())
