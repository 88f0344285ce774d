-- Clipper: a site where people post, vote on, favourite, comment on and tag video clips.
--
-- The database as it stands before its index migration, with the indexes its authors made, some of them twice.
-- psql -f schema.sql makes it in the first schema of the search_path; data.sql fills it.

\set ON_ERROR_STOP on

CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    twitch_id     varchar(50) UNIQUE NOT NULL,
    username      varchar(50) NOT NULL,
    display_name  varchar(100) NOT NULL,
    email         varchar(255),
    avatar_url    text,
    bio           text,
    karma_points  int DEFAULT 0,
    role          varchar(20) DEFAULT 'user',
    is_banned     boolean DEFAULT false,
    created_at    timestamp DEFAULT now(),
    updated_at    timestamp DEFAULT now(),
    last_login_at timestamp
);
CREATE INDEX idx_users_twitch_id ON users (twitch_id);
CREATE INDEX idx_users_username ON users (username);
CREATE INDEX idx_users_karma ON users (karma_points DESC);

CREATE TABLE clips (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    twitch_clip_id   varchar(100) UNIQUE NOT NULL,
    twitch_clip_url  text NOT NULL,
    embed_url        text NOT NULL,
    title            varchar(255) NOT NULL,
    creator_name     varchar(100) NOT NULL,
    creator_id       varchar(50),
    broadcaster_name varchar(100) NOT NULL,
    broadcaster_id   varchar(50),
    game_id          varchar(50),
    game_name        varchar(100),
    language         varchar(10),
    thumbnail_url    text,
    duration         float,
    view_count       int DEFAULT 0,
    created_at       timestamp NOT NULL,
    imported_at      timestamp DEFAULT now(),
    vote_score       int DEFAULT 0,
    comment_count    int DEFAULT 0,
    favorite_count   int DEFAULT 0,
    is_featured      boolean DEFAULT false,
    is_nsfw          boolean DEFAULT false,
    is_removed       boolean DEFAULT false,
    removed_reason   text
);
CREATE INDEX idx_clips_twitch_clip_id ON clips (twitch_clip_id);
CREATE INDEX idx_clips_broadcaster ON clips (broadcaster_id);
CREATE INDEX idx_clips_game ON clips (game_id);
CREATE INDEX idx_clips_created ON clips (created_at DESC);
CREATE INDEX idx_clips_vote_score ON clips (vote_score DESC);
CREATE INDEX idx_clips_hot ON clips (vote_score DESC, created_at DESC);

CREATE TABLE votes (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    clip_id    uuid NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    vote_type  smallint NOT NULL CHECK (vote_type IN (-1, 1)),
    created_at timestamp DEFAULT now(),
    UNIQUE (user_id, clip_id)
);
CREATE INDEX idx_votes_user ON votes (user_id);
CREATE INDEX idx_votes_clip ON votes (clip_id);
CREATE INDEX idx_votes_created ON votes (created_at DESC);

CREATE TABLE comments (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    clip_id           uuid NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    parent_comment_id uuid REFERENCES comments (id) ON DELETE CASCADE,
    content           text NOT NULL,
    vote_score        int DEFAULT 0,
    is_edited         boolean DEFAULT false,
    is_removed        boolean DEFAULT false,
    removed_reason    text,
    created_at        timestamp DEFAULT now(),
    updated_at        timestamp DEFAULT now()
);
CREATE INDEX idx_comments_clip ON comments (clip_id, created_at);
CREATE INDEX idx_comments_user ON comments (user_id);
CREATE INDEX idx_comments_parent ON comments (parent_comment_id);
CREATE INDEX idx_comments_vote_score ON comments (vote_score DESC);

CREATE TABLE comment_votes (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    comment_id uuid NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    vote_type  smallint NOT NULL CHECK (vote_type IN (-1, 1)),
    created_at timestamp DEFAULT now(),
    UNIQUE (user_id, comment_id)
);
CREATE INDEX idx_comment_votes_user ON comment_votes (user_id);
CREATE INDEX idx_comment_votes_comment ON comment_votes (comment_id);

CREATE TABLE favorites (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    clip_id    uuid NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    created_at timestamp DEFAULT now(),
    UNIQUE (user_id, clip_id)
);
CREATE INDEX idx_favorites_user ON favorites (user_id, created_at DESC);
CREATE INDEX idx_favorites_clip ON favorites (clip_id);

CREATE TABLE tags (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        varchar(50) UNIQUE NOT NULL,
    slug        varchar(50) UNIQUE NOT NULL,
    description text,
    color       varchar(7),
    usage_count int DEFAULT 0,
    created_at  timestamp DEFAULT now()
);
CREATE INDEX idx_tags_slug ON tags (slug);
CREATE INDEX idx_tags_usage ON tags (usage_count DESC);

CREATE TABLE clip_tags (
    clip_id    uuid NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    tag_id     uuid NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    created_at timestamp DEFAULT now(),
    PRIMARY KEY (clip_id, tag_id)
);
CREATE INDEX idx_clip_tags_clip ON clip_tags (clip_id);
CREATE INDEX idx_clip_tags_tag ON clip_tags (tag_id);

CREATE TABLE notifications (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type              varchar(50) NOT NULL,
    title             varchar(255) NOT NULL,
    message           text NOT NULL,
    link              text,
    is_read           boolean DEFAULT false,
    created_at        timestamp DEFAULT now(),
    source_user_id    uuid REFERENCES users (id) ON DELETE SET NULL,
    source_content_id uuid
);

-- The counters, kept by triggers.

CREATE FUNCTION count_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE clips SET vote_score = vote_score - OLD.vote_type WHERE id = OLD.clip_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE clips SET vote_score = vote_score + NEW.vote_type WHERE id = NEW.clip_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_vote AFTER INSERT OR UPDATE OR DELETE ON votes
    FOR EACH ROW EXECUTE FUNCTION count_vote();

CREATE FUNCTION count_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE clips SET comment_count = comment_count + 1 WHERE id = NEW.clip_id;
    ELSE
        UPDATE clips SET comment_count = comment_count - 1 WHERE id = OLD.clip_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_comment AFTER INSERT OR DELETE ON comments
    FOR EACH ROW EXECUTE FUNCTION count_comment();

CREATE FUNCTION count_comment_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE comments SET vote_score = vote_score - OLD.vote_type WHERE id = OLD.comment_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE comments SET vote_score = vote_score + NEW.vote_type WHERE id = NEW.comment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_comment_vote AFTER INSERT OR UPDATE OR DELETE ON comment_votes
    FOR EACH ROW EXECUTE FUNCTION count_comment_vote();

CREATE FUNCTION count_favorite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE clips SET favorite_count = favorite_count + 1 WHERE id = NEW.clip_id;
    ELSE
        UPDATE clips SET favorite_count = favorite_count - 1 WHERE id = OLD.clip_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_favorite AFTER INSERT OR DELETE ON favorites
    FOR EACH ROW EXECUTE FUNCTION count_favorite();

CREATE FUNCTION count_clip_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE tags SET usage_count = usage_count + 1 WHERE id = NEW.tag_id;
    ELSE
        UPDATE tags SET usage_count = usage_count - 1 WHERE id = OLD.tag_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_clip_tag AFTER INSERT OR DELETE ON clip_tags
    FOR EACH ROW EXECUTE FUNCTION count_clip_tag();

-- How hot a clip is: its score's magnitude, less a point for every 12.5 hours of age.
CREATE FUNCTION hot_score(vote_score int, created_at timestamp) RETURNS float LANGUAGE sql STABLE AS $$
    SELECT sign(vote_score) * log(greatest(abs(vote_score), 1))
           - extract(epoch FROM localtimestamp - created_at) / 3600 / 12.5
$$;
