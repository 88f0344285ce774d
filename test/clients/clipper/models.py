"""Clipper's tables as Django sees them."""

import uuid

from django.db import models


def key():
    return models.UUIDField(primary_key=True, default=uuid.uuid4)


class User(models.Model):
    id = key()
    twitch_id = models.CharField(max_length=50)
    username = models.CharField(max_length=50)
    karma_points = models.IntegerField(default=0)
    last_login_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "users"


class Tag(models.Model):
    id = key()
    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=50)
    usage_count = models.IntegerField(default=0)

    class Meta:
        managed = False
        db_table = "tags"


class Clip(models.Model):
    id = key()
    twitch_clip_id = models.CharField(max_length=100)
    title = models.CharField(max_length=255)
    game_id = models.CharField(max_length=50)
    view_count = models.IntegerField(default=0)
    vote_score = models.IntegerField(default=0)
    comment_count = models.IntegerField(default=0)
    is_removed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    tags = models.ManyToManyField(Tag, through="ClipTag", related_name="clips")

    class Meta:
        managed = False
        db_table = "clips"


class ClipTag(models.Model):
    clip = models.ForeignKey(Clip, models.CASCADE, primary_key=True)
    tag = models.ForeignKey(Tag, models.CASCADE)

    class Meta:
        managed = False
        db_table = "clip_tags"


class Vote(models.Model):
    id = key()
    user = models.ForeignKey(User, models.CASCADE)
    clip = models.ForeignKey(Clip, models.CASCADE)
    vote_type = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "votes"


class Favorite(models.Model):
    id = key()
    user = models.ForeignKey(User, models.CASCADE)
    clip = models.ForeignKey(Clip, models.CASCADE)

    class Meta:
        managed = False
        db_table = "favorites"


class Comment(models.Model):
    id = key()
    clip = models.ForeignKey(Clip, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    parent_comment = models.ForeignKey("self", models.CASCADE, null=True, related_name="replies")
    content = models.TextField()
    vote_score = models.IntegerField(default=0)
    is_removed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "comments"


class Notification(models.Model):
    id = key()
    user = models.ForeignKey(User, models.CASCADE)
    type = models.CharField(max_length=50)
    title = models.TextField()
    is_read = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "notifications"
