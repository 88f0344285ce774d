-- Fills Clipper's empty tables (schema.sql) with data that looks like a real site's: a few clips, users, games and
-- tags have most of the traffic, 5 % of the clips and comments are removed, a quarter of the comments are replies.
--
--   psql -v scale=1 -v anchor='2026-01-31' -f data.sql
--
-- scale   1 (the default) means about 20,000 users, 100,000 clips, 1,000,000 votes and 300,000 comments
-- anchor  the moment "now" of the data, default: today; two years of history lie before it
--
-- Everything else depends on these two alone: the same scale and anchor give the same rows on every server. The
-- counters agree with the rows they count. Indexes, keys and foreign keys are dropped for the load and made again
-- from their own definitions, in one transaction.

\set ON_ERROR_STOP on
\if :{?scale}
\else
\set scale 1
\endif
\if :{?anchor}
\else
\set anchor today
\endif

SELECT :'anchor'::timestamp AS anchor,
       greatest(20, (20000 * :scale)::int) AS users,
       greatest(50, (100000 * :scale)::int) AS clips,
       (1000000 * :scale)::int AS votes,
       (300000 * :scale)::int AS comments,
       (225000 * :scale)::int AS threads,
       (200000 * :scale)::int AS comment_votes,
       (150000 * :scale)::int AS favorites,
       (100000 * :scale)::int AS notifications,
       greatest(10, (2000 * :scale)::int) AS broadcasters,
       greatest(40, (5000 * :scale)::int) AS tags \gset

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL synchronous_commit = off;
SET LOCAL work_mem = '64MB';
SET LOCAL maintenance_work_mem = '128MB';

-- Not random, but spread evenly: the number of row n in stream s, from 0 up to 1.
CREATE FUNCTION pg_temp.u(n bigint, s bigint) RETURNS float8 IMMUTABLE LANGUAGE sql AS
    'SELECT (hashint8extended(n, s) & 4503599627370495) / 4503599627370496.0::float8';

-- One of 1..count, the small ones far more often: the first one's share is 1/sqrt(count).
CREATE FUNCTION pg_temp.skewed(n bigint, s bigint, count int) RETURNS int IMMUTABLE LANGUAGE sql AS
    'SELECT 1 + (count * pg_temp.u(n, s) ^ 2)::int % count';

-- The n-th thing of a kind has this id.
CREATE FUNCTION pg_temp.id_of(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    'SELECT md5(kind || n::text)::uuid';

-- Popular clips lie scattered over time: the clip of popularity rank r is number ...
CREATE FUNCTION pg_temp.clip_no(r int, clips int) RETURNS int IMMUTABLE LANGUAGE sql AS
    'SELECT 1 + (r * 982451653::bigint % clips)::int';

-- How old clip number n is; the site grew, so that recent clips lie denser.
CREATE FUNCTION pg_temp.age_of(n int, clips int) RETURNS interval IMMUTABLE LANGUAGE sql AS
    $$SELECT interval '730 days' * ((clips - n + pg_temp.u(n, 1)) / clips) ^ 1.5$$;

-- count words that belong to row n.
CREATE FUNCTION pg_temp.words(n bigint, s bigint, count int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
    list CONSTANT text[] := '{insane,clutch,funny,perfect,lucky,worst,best,epic,fastest,unreal,first,final,solo,double,
        triple,hidden,broken,secret,ultimate,classic,ace,headshot,comeback,speedrun,moment,reaction,fail,play,victory,
        boss,fight,raid,round,match,streamer,chat,viewer,donation,scream,laugh,dance,song,world,record,glitch,escape,
        stealth,sniper,rocket,dragon,castle,puzzle,jump,race,crash,goal,save,steal,trade,build,wins,loses,breaks,
        destroys,explains,discovers,forgets,meets,teaches,against,during,after,before,without,while,tournament,
        practice,midnight,morning,champion,rookie,veteran,legend,underdog}';
    result text := '';
BEGIN
    FOR i IN 1..count LOOP
        result := result || ' ' || list[1 + (hashint8extended(n * 16 + i, s) & 1048575) % array_length(list, 1)];
    END LOOP;
    RETURN ltrim(result);
END $$;

\echo '   dropping indexes and keys for the load'
CREATE TEMP TABLE dropped (step int, drop_first boolean, drop_ddl text, create_ddl text) ON COMMIT DROP;
CREATE TEMP TABLE clipper_tables ON COMMIT DROP AS
    SELECT unnest('{users,clips,votes,comments,comment_votes,favorites,tags,clip_tags,notifications}'::regclass[]) AS rel;
INSERT INTO dropped
    SELECT CASE contype WHEN 'f' THEN 3 ELSE 1 END, contype = 'f',
           format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE conrelid IN (SELECT rel FROM clipper_tables) AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT 2, false, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid IN (SELECT rel FROM clipper_tables)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'));
SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', rel) FROM clipper_tables \gexec
SELECT drop_ddl FROM dropped ORDER BY drop_first DESC, drop_ddl \gexec

\echo '   users:' :users
INSERT INTO users (id, twitch_id, username, display_name, email, avatar_url, bio, karma_points, role, is_banned,
                   created_at, updated_at, last_login_at)
    SELECT pg_temp.id_of('user', n), (100000000 + n)::text, name || n, initcap(name) || n,
           CASE WHEN pg_temp.u(n, 11) < 0.7 THEN name || n || '@example.com' END,
           'https://cdn.example.com/avatars/' || n || '.png',
           CASE WHEN pg_temp.u(n, 12) < 0.3 THEN pg_temp.words(n, 12, 12) END,
           (20 / (0.002 + pg_temp.u(n, 13)))::int,
           CASE WHEN n <= 3 THEN 'admin' WHEN n <= 20 THEN 'moderator' ELSE 'user' END,
           pg_temp.u(n, 14) < 0.01, joined, joined, joined + member_for * sqrt(pg_temp.u(n, 15))
    FROM (SELECT m.*, replace(pg_temp.words(n, 10, 2), ' ', '') AS name, :'anchor'::timestamp - member_for AS joined
          FROM (SELECT n, interval '900 days' * pg_temp.u(n, 16) AS member_for
                FROM generate_series(1, :users) AS n) AS m) AS u;

\echo '   tags:' :tags
INSERT INTO tags (id, name, slug, description, color, created_at)
    SELECT pg_temp.id_of('tag', n), name || ' ' || n, name || '-' || n, pg_temp.words(n, 21, 6),
           '#' || lpad(to_hex((16777215 * pg_temp.u(n, 22))::int), 6, '0'),
           :'anchor'::timestamp - pg_temp.age_of(n, :tags)
    FROM (SELECT n, pg_temp.words(n, 20, 1) AS name FROM generate_series(1, :tags) AS n) AS t;

\echo '   votes:' :votes
INSERT INTO votes (id, user_id, clip_id, vote_type, created_at)
    SELECT pg_temp.id_of('vote', n), pg_temp.id_of('user', user_no), pg_temp.id_of('clip', clip_no),
           CASE WHEN pg_temp.u(n, 32) < 0.55 + 0.4 * pg_temp.u(clip_no, 33) THEN 1 ELSE -1 END,
           :'anchor'::timestamp - pg_temp.age_of(clip_no, :clips) * (1 - pg_temp.u(n, 34) ^ 3)
    FROM (SELECT min(n) AS n, user_no, clip_no
          FROM (SELECT n, pg_temp.skewed(n, 30, :users) AS user_no,
                       pg_temp.clip_no(pg_temp.skewed(n, 31, :clips), :clips) AS clip_no
                FROM generate_series(1, :votes) AS n) AS draw
          GROUP BY user_no, clip_no) AS v
    ORDER BY n;

\echo '   comments:' :comments
CREATE TEMP TABLE sentences ON COMMIT DROP AS
    SELECT n, pg_temp.words(n, 42, 4 + (20 * pg_temp.u(n, 43))::int) AS words FROM generate_series(0, 9999) AS n;
INSERT INTO comments (id, clip_id, user_id, parent_comment_id, content, is_edited, is_removed, removed_reason,
                      created_at, updated_at)
    SELECT pg_temp.id_of('comment', w.n), pg_temp.id_of('clip', clip_no),
           pg_temp.id_of('user', pg_temp.skewed(w.n, 41, :users)),
           CASE WHEN w.n > :threads THEN pg_temp.id_of('comment', thread) END,
           sentences.words, pg_temp.u(w.n, 44) < 0.04,
           pg_temp.u(w.n, 45) < 0.05, CASE WHEN pg_temp.u(w.n, 45) < 0.05 THEN 'spam' END, written, written
    FROM (SELECT c.*, :'anchor'::timestamp - thread_age
                      * CASE WHEN n > :threads THEN 1 - pg_temp.u(n, 46) ^ 4 ELSE 1 END AS written
          FROM (SELECT t.*, pg_temp.age_of(clip_no, :clips) * (1 - pg_temp.u(thread, 47) ^ 3) AS thread_age
                FROM (SELECT n, thread, pg_temp.clip_no(pg_temp.skewed(thread, 48, :clips), :clips) AS clip_no
                      FROM (SELECT n, CASE WHEN n > :threads THEN pg_temp.skewed(n, 49, :threads) ELSE n END AS thread
                            FROM generate_series(1, :comments) AS n) AS numbered) AS t) AS c) AS w
    JOIN sentences ON sentences.n = w.n * 7919::bigint % 10000
    ORDER BY w.n;

\echo '   votes on comments:' :comment_votes
INSERT INTO comment_votes (id, user_id, comment_id, vote_type, created_at)
    SELECT pg_temp.id_of('comment vote', n), pg_temp.id_of('user', user_no), pg_temp.id_of('comment', comment_no),
           CASE WHEN pg_temp.u(n, 52) < 0.8 THEN 1 ELSE -1 END,
           :'anchor'::timestamp - interval '730 days' * pg_temp.u(n, 53)
    FROM (SELECT min(n) AS n, user_no, comment_no
          FROM (SELECT n, pg_temp.skewed(n, 50, :users) AS user_no, pg_temp.skewed(n, 51, :comments) AS comment_no
                FROM generate_series(1, :comment_votes) AS n) AS draw
          GROUP BY user_no, comment_no) AS v
    ORDER BY n;
UPDATE comments SET vote_score = v.score
    FROM (SELECT comment_id, sum(vote_type) AS score FROM comment_votes GROUP BY comment_id) AS v
    WHERE comments.id = v.comment_id;

\echo '   favorites:' :favorites
INSERT INTO favorites (id, user_id, clip_id, created_at)
    SELECT pg_temp.id_of('favorite', n), pg_temp.id_of('user', user_no), pg_temp.id_of('clip', clip_no),
           :'anchor'::timestamp - pg_temp.age_of(clip_no, :clips) * (1 - pg_temp.u(n, 62) ^ 3)
    FROM (SELECT min(n) AS n, user_no, clip_no
          FROM (SELECT n, pg_temp.skewed(n, 60, :users) AS user_no,
                       pg_temp.clip_no(pg_temp.skewed(n, 61, :clips), :clips) AS clip_no
                FROM generate_series(1, :favorites) AS n) AS draw
          GROUP BY user_no, clip_no) AS f
    ORDER BY n;

\echo '   clips:' :clips
INSERT INTO clips (id, twitch_clip_id, twitch_clip_url, embed_url, title, creator_name, creator_id, broadcaster_name,
                   broadcaster_id, game_id, game_name, language, thumbnail_url, duration, view_count, created_at,
                   imported_at, vote_score, comment_count, favorite_count, is_featured, is_nsfw, is_removed,
                   removed_reason)
    SELECT c.id, slug, 'https://clips.example.com/' || slug, 'https://clips.example.com/embed/' || slug,
           initcap(pg_temp.words(n, 70, 3 + (4 * pg_temp.u(n, 71))::int)), 'creator' || creator, (500000 + creator)::text,
           'Streamer' || broadcaster, (700000 + broadcaster)::text,
           CASE WHEN pg_temp.u(n, 72) >= 0.02 THEN (9000 + game)::text END,
           CASE WHEN pg_temp.u(n, 72) >= 0.02 THEN initcap(pg_temp.words(game, 73, 2)) END,
           ('{en,en,en,en,en,en,es,es,pt,fr,de,ja,ko,ru}'::text[])[1 + (13 * pg_temp.u(n, 74))::int],
           'https://cdn.example.com/thumbnails/' || n || '.jpg', round((5 + 55 * pg_temp.u(n, 75))::numeric, 1),
           (20 + 40 * pg_temp.u(n, 76))::int * (1 + coalesce(v.votes, 0)), made,
           made + interval '1 hour' * pg_temp.u(n, 77), coalesce(v.score, 0), coalesce(m.comments, 0),
           coalesce(f.favorites, 0), pg_temp.u(n, 78) < 0.002, pg_temp.u(n, 79) < 0.01, pg_temp.u(n, 80) < 0.05,
           CASE WHEN pg_temp.u(n, 80) < 0.05 THEN 'reported by users' END
    FROM (SELECT n, pg_temp.id_of('clip', n) AS id, initcap(pg_temp.words(n, 81, 2)) || n AS slug,
                 pg_temp.skewed(n, 82, :broadcasters) AS broadcaster, pg_temp.skewed(n, 83, 200) AS game,
                 pg_temp.skewed(n, 84, :users) AS creator, :'anchor'::timestamp - pg_temp.age_of(n, :clips) AS made
          FROM generate_series(1, :clips) AS n) AS c
    LEFT JOIN (SELECT clip_id, count(*) AS votes, sum(vote_type) AS score FROM votes GROUP BY 1) AS v ON v.clip_id = c.id
    LEFT JOIN (SELECT clip_id, count(*) AS comments FROM comments GROUP BY 1) AS m ON m.clip_id = c.id
    LEFT JOIN (SELECT clip_id, count(*) AS favorites FROM favorites GROUP BY 1) AS f ON f.clip_id = c.id
    ORDER BY n;

\echo '   tags of clips'
INSERT INTO clip_tags (clip_id, tag_id, created_at)
    SELECT pg_temp.id_of('clip', clip_no), pg_temp.id_of('tag', tag_no), :'anchor'::timestamp - pg_temp.age_of(clip_no, :clips)
    FROM (SELECT DISTINCT n AS clip_no, pg_temp.skewed(n * 8 + k, 90, :tags) AS tag_no
          FROM generate_series(1, :clips) AS n, generate_series(1, 5) AS k
          WHERE pg_temp.u(n * 8 + k, 91) < 0.5) AS t
    ORDER BY clip_no, tag_no;
UPDATE tags SET usage_count = c.used
    FROM (SELECT tag_id, count(*) AS used FROM clip_tags GROUP BY tag_id) AS c
    WHERE tags.id = c.tag_id;

\echo '   notifications:' :notifications
INSERT INTO notifications (id, user_id, type, title, message, link, is_read, created_at, source_user_id)
    SELECT pg_temp.id_of('notification', n), pg_temp.id_of('user', pg_temp.skewed(n, 95, :users)), type,
           initcap(replace(type, '_', ' ')), pg_temp.words(n, 96, 8), '/clips/' || clip_no, pg_temp.u(n, 97) < 0.8,
           :'anchor'::timestamp - interval '365 days' * pg_temp.u(n, 98),
           pg_temp.id_of('user', pg_temp.skewed(n, 99, :users))
    FROM (SELECT n, pg_temp.skewed(n, 92, :clips) AS clip_no,
                 ('{comment_reply,clip_voted,clip_favorited,mention}'::text[])[1 + (3 * pg_temp.u(n, 93))::int] AS type
          FROM generate_series(1, :notifications) AS n) AS t;

\echo '   making the keys and indexes'
SELECT create_ddl FROM dropped WHERE step = 1 ORDER BY create_ddl \gexec
SELECT create_ddl FROM dropped WHERE step = 2 ORDER BY create_ddl \gexec
SELECT create_ddl FROM dropped WHERE step = 3 ORDER BY create_ddl \gexec
SELECT format('ALTER TABLE %s ENABLE TRIGGER USER', rel) FROM clipper_tables \gexec
COMMIT;

\echo '   vacuum and analyze'
VACUUM (ANALYZE) users, clips, votes, comments, comment_votes, favorites, tags, clip_tags, notifications;
