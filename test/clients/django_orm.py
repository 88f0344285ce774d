"""Programs of Django's ORM against Clipper's schema, lazy and eager.

--list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.
"""

import os
import random
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "")}},
    INSTALLED_APPS=["clipper"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=False,
)
django.setup()

import uuid  # noqa: E402

from django.core.paginator import Paginator  # noqa: E402
from clipper.models import Clip, Comment, Favorite, Notification, User, Vote  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, F, Prefetch  # noqa: E402
from django.template import Context, Engine  # noqa: E402


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
    return random.Random(7).sample(known, min(count, len(known)))


def feed(count):
    return Clip.objects.filter(is_removed=False).order_by("-vote_score", "-created_at")[:count]


def page_of_comments(count=40):
    return Comment.objects.filter(is_removed=False).order_by("-created_at", "id")[:count]


# Lazy loading.


@program("users")
def author_of_each_comment():
    return [comment.user.username for comment in page_of_comments()]


@program("users")
def author_in_a_template():
    template = Engine().from_string("{% for c in comments %}<p>{{ c.user.username }}: {{ c.content }}</p>{% endfor %}")
    return template.render(Context({"comments": page_of_comments()}))


@program("clip_tags")
def tags_of_each_clip():
    return [[tag.name for tag in clip.tags.all()] for clip in feed(30)]


@program("votes", "favorites")
def vote_and_favorite_of_each_clip():
    user = ids("users", 1)[0]
    return [
        (
            Vote.objects.filter(user_id=user, clip=clip).first(),
            Favorite.objects.filter(user_id=user, clip_id=clip.id).exists(),
        )
        for clip in feed(25)
    ]


@program("comments")
def count_of_comments_of_each_clip():
    return [clip.comment_set.filter(is_removed=False).count() for clip in feed(30)]


@program("comments", "users")
def comments_and_their_authors_of_each_clip():
    return [
        [comment.user.username for comment in clip.comment_set.order_by("-created_at")[:8]]
        for clip in Clip.objects.order_by("-comment_count", "id")[:12]
    ]


@program("users")
def author_in_a_transaction():
    with transaction.atomic():
        return [comment.user.karma_points for comment in page_of_comments()]


@program("clips")
def save_each_clip():
    for clip in feed(30):
        clip.view_count += 1
        clip.save(update_fields=["view_count"])


@program("users")
def author_of_comments_from_an_iterator():
    comments = Comment.objects.order_by("-created_at", "id")[:60]
    return [comment.user.username for comment in comments.iterator(chunk_size=20)]


@program("users")
def author_of_some_comments():
    return [comment.user.username for comment in page_of_comments(60) if comment.vote_score % 2 == 0]


@program("clips")
def get_for_each_id():
    keys = list(Comment.objects.order_by("-created_at", "id").values_list("clip_id", flat=True)[:40])
    return [Clip.objects.get(pk=clip_id).title for clip_id in keys]


@program("favorites")
def get_or_create_for_each_clip():
    user = ids("users", 3)[2]
    for clip in feed(20):
        Favorite.objects.get_or_create(user_id=user, clip=clip)


@program("comments")
def parent_of_each_reply():
    replies = Comment.objects.exclude(parent_comment=None).order_by("-created_at", "id")[:30]
    return [reply.parent_comment.content for reply in replies]


@program("notifications")
def delete_each_notification():
    for notification in Notification.objects.order_by("-created_at", "id")[:25]:
        notification.delete()


@program("clips")
def refresh_each_clip():
    for clip in feed(20):
        clip.refresh_from_db(fields=["vote_score"])


@program("users")
def author_and_the_user_asked_for_each_time():
    me = ids("users", 9)[8]
    return [(comment.user.username, User.objects.get(pk=me).karma_points) for comment in page_of_comments(25)]


# Eager loading, batches, and what else is none.


@program()
def authors_with_select_related():
    return [comment.user.username for comment in page_of_comments().select_related("user")]


@program()
def tags_with_prefetch_related():
    return [[tag.name for tag in clip.tags.all()] for clip in feed(30).prefetch_related("tags")]


@program()
def comments_and_authors_with_prefetch():
    newest = Comment.objects.select_related("user").order_by("-created_at")
    clips = feed(20).prefetch_related(Prefetch("comment_set", queryset=newest, to_attr="newest"))
    return [[comment.user.username for comment in clip.newest] for clip in clips]


@program()
def counts_with_annotate():
    return [clip.comments for clip in Clip.objects.annotate(comments=Count("comment")).order_by("-vote_score")[:30]]


@program()
def votes_with_in():
    user = ids("users", 1)[0]
    clips = list(feed(25))
    voted = set(Vote.objects.filter(user_id=user, clip__in=clips).values_list("clip_id", flat=True))
    return [clip.id in voted for clip in clips]


@program()
def clips_with_in_bulk():
    keys = list(Comment.objects.order_by("-created_at", "id").values_list("clip_id", flat=True)[:40])
    return Clip.objects.in_bulk(keys)


@program()
def pages_of_batches():
    for page in range(12):
        comments = Comment.objects.order_by("-created_at", "id")[page * 25 : page * 25 + 25]
        list(comments.prefetch_related("user"))


@program()
def bulk_create_votes():
    user = ids("users", 5)[4]
    Vote.objects.filter(user_id=user).delete()
    Vote.objects.bulk_create([Vote(user_id=user, clip=clip, vote_type=1) for clip in feed(30)])


@program()
def bulk_update_clips():
    clips = list(feed(30))
    for clip in clips:
        clip.view_count += 1
    Clip.objects.bulk_update(clips, ["view_count"])


@program()
def update_with_an_expression():
    Clip.objects.filter(game_id=feed(1)[0].game_id).update(view_count=F("view_count") + 1)


@program()
def logins():
    for name in ids("usernames", 40):
        user = User.objects.get(username=name)
        User.objects.filter(pk=user.pk).update(last_login_at=None)


@program()
def one_counter_again_and_again():
    list(feed(25))
    clip = ids("clips", 1)[0]
    for _ in range(40):
        Clip.objects.filter(pk=clip).update(view_count=F("view_count") + 1)


@program()
def pages_with_a_paginator():
    pages = Paginator(Clip.objects.filter(is_removed=False).order_by("-vote_score", "id"), 25)
    for number in range(1, 11):
        list(pages.page(number))


@program()
def pages_by_key():
    last = uuid.UUID(int=0)
    for _ in range(15):
        page = list(Clip.objects.filter(id__gt=last).order_by("id")[:20])
        last = page[-1].id


@program()
def details_of_requested_clips():
    for number, clip_id in enumerate(ids("clips", 40)):
        if number % 8 == 0:
            list(feed(25))
        clip = Clip.objects.get(pk=clip_id)
        list(clip.tags.all())


@program()
def a_few_of_a_list():
    clips = list(feed(50))
    for clip in random.Random(3).sample(clips, 4):
        Clip.objects.get(pk=clip.pk)


@program()
def queue_of_notifications():
    for _ in range(8):
        with transaction.atomic():
            todo = Notification.objects.filter(is_read=False).order_by("created_at", "id")
            for notification in todo.select_for_update(skip_locked=True)[:6]:
                Notification.objects.filter(pk=notification.pk).update(is_read=True)


@program()
def iterator_with_select_related():
    comments = Comment.objects.select_related("user").order_by("-created_at", "id")[:60]
    return [comment.user.username for comment in comments.iterator(chunk_size=20)]


@program()
def names_taken():
    return [User.objects.filter(username=f"someone-{number}").exists() for number in range(30)]


@program()
def pings_of_a_pool():
    for _ in range(50):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


if sys.argv[1] == "--list":
    for name, (tables, _) in programs.items():
        print(name, ",".join(sorted(tables)) or "-")
else:
    programs[sys.argv[1]][1]()
