"""Programs of SQLAlchemy's ORM against Clipper's schema, lazy and eager.

--list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.
"""

import os
import random
import sys

from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session, configure_mappers, joinedload, lazyload, raiseload, relationship, selectinload, subqueryload

engine = create_engine("postgresql+psycopg2://", pool_size=3)
programs = {}


def program(*tables):
    """Registers a program with the tables that are looked up row by row in it."""

    def register(function):
        programs[function.__name__] = (tables, function)
        return function

    return register


def ids(name, count):
    """Ids as they come with requests, in random order."""
    with open(os.path.join(os.environ["CLIPPER_IDS"], name)) as lines:
        known = lines.read().split()
    return random.Random(11).sample(known, min(count, len(known)))


def map_tables():
    """Classes for Clipper's tables, by the columns and foreign keys that the database names."""
    base = automap_base()
    base.prepare(engine, reflect=True)
    names = {"User": "users", "Clip": "clips", "Comment": "comments", "Vote": "votes", "Favorite": "favorites", "Tag": "tags"}
    globals().update({name: base.classes[table] for name, table in names.items()})
    Clip.tags = relationship(Tag, secondary=base.metadata.tables["clip_tags"], viewonly=True)
    configure_mappers()


def feed(count):
    return select(Clip).where(Clip.is_removed.is_(False)).order_by(Clip.vote_score.desc(), Clip.created_at.desc()).limit(count)


def newest(count=40):
    return select(Comment).order_by(Comment.created_at.desc(), Comment.id).limit(count)


# Lazy loading.


@program("users")
def author_of_each_comment(session):
    return [comment.users.username for comment in session.scalars(newest())]


@program("users")
def author_of_each_comment_autocommitted(session):
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    return [comment.users.username for comment in session.scalars(newest())]


@program("comments")
def comments_of_each_clip(session):
    return [len(clip.comments_collection) for clip in session.scalars(feed(30))]


@program("clip_tags")
def tags_of_each_clip(session):
    return [[tag.name for tag in clip.tags] for clip in session.scalars(feed(30))]


@program("favorites", "votes")
def vote_and_favorite_of_each_clip(session):
    user = ids("users", 1)[0]
    found = []
    for clip in session.scalars(feed(25)).all():
        found.append(session.scalar(select(Vote.vote_type).where(Vote.user_id == user, Vote.clip_id == clip.id)))
        found.append(session.scalar(select(func.count()).select_from(Favorite).where(Favorite.user_id == user, Favorite.clip_id == clip.id)))
    return found


@program("votes")
def core_count_for_each_id(session):
    connection = session.connection()
    rows = connection.execute(text("SELECT id FROM clips ORDER BY vote_score DESC, id LIMIT 30")).all()
    return [connection.execute(text("SELECT count(*) FROM votes WHERE clip_id = :id"), {"id": row.id}).scalar() for row in rows]


@program("clips")
def get_for_each_favorite(session):
    keys = session.scalars(select(Favorite.clip_id).order_by(Favorite.created_at.desc(), Favorite.id).limit(40)).all()
    return [session.get(Clip, key).title for key in dict.fromkeys(keys)]


@program("clips")
def refresh_each_clip(session):
    for clip in session.scalars(feed(25)).all():
        session.refresh(clip)


@program("clips")
def reload_after_commit(session):
    clips = session.scalars(feed(25)).all()
    session.commit()
    return [clip.title for clip in clips]


@program("clips")
def update_each_clip(session):
    for key in session.scalars(select(Clip.id).order_by(Clip.vote_score.desc(), Clip.id).limit(25)).all():
        session.execute(update(Clip).where(Clip.id == key).values(view_count=Clip.view_count + 1).execution_options(synchronize_session=False))
    session.commit()


@program("users")
def some_authors(session):
    return [comment.users.username for comment in session.scalars(newest(60)) if comment.vote_score % 2 == 0]


@program("users")
def author_of_a_stream(session):
    rows = session.execute(newest(60), execution_options={"yield_per": 20}).scalars()
    return [comment.users.username for comment in rows]


# Eager loading and batches.


@program()
def selectin(session):
    return [comment.users.username for comment in session.scalars(newest().options(selectinload(Comment.users)))]


@program()
def joined(session):
    return [comment.users.username for comment in session.scalars(newest().options(joinedload(Comment.users)))]


@program()
def by_subquery(session):
    return [len(clip.comments_collection) for clip in session.scalars(feed(30).options(subqueryload(Clip.comments_collection)))]


@program()
def two_levels(session):
    options = selectinload(Clip.comments_collection).joinedload(Comment.users)
    return [[c.users.username for c in clip.comments_collection] for clip in session.scalars(feed(20).options(options))]


@program()
def tags_at_once(session):
    return [[tag.name for tag in clip.tags] for clip in session.scalars(feed(30).options(selectinload(Clip.tags)))]


@program()
def never_loaded(session):
    return [comment.content for comment in session.scalars(newest().options(lazyload(Comment.users), raiseload(Comment.clips)))]


@program()
def identity_map(session):
    session.scalars(select(User).join(Comment, Comment.user_id == User.id).order_by(Comment.created_at.desc()).limit(400)).all()
    known = [comment for comment in session.scalars(newest(200)) if session.identity_map.get(session.identity_key(User, comment.user_id))]
    return [comment.users.username for comment in known]


@program()
def counts_at_once(session):
    keys = session.scalars(select(Clip.id).order_by(Clip.vote_score.desc(), Clip.id).limit(30)).all()
    return session.execute(select(Vote.clip_id, func.count()).where(Vote.clip_id.in_(keys)).group_by(Vote.clip_id)).all()


@program()
def bulk_update(session):
    keys = session.scalars(select(Clip.id).order_by(Clip.vote_score.desc(), Clip.id).limit(25)).all()
    session.execute(update(Clip).where(Clip.id.in_(keys)).values(view_count=Clip.view_count + 1).execution_options(synchronize_session=False))
    session.commit()


@program()
def requested_clips(session):
    for key in ids("clips", 40):
        with Session(engine) as request:
            request.get(Clip, key)


@program()
def pages_by_offset(session):
    for page in range(12):
        session.scalars(feed(20).offset(20 * page)).all()


@program()
def dashboard(session):
    user = ids("users", 2)[1]
    for model in (Vote, Favorite, Comment) * 6:
        session.scalar(select(func.count()).select_from(model).where(model.user_id == user))


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        for name, (tables, _) in programs.items():
            print(name, ",".join(sorted(tables)) or "-")
    else:
        map_tables()
        with Session(engine) as opened:
            programs[sys.argv[1]][1](opened)
