-- Index sets: named lists of index definitions, such as the ones of a migration.

CREATE TABLE @extschema@.clipperf_index_set_members (
    index_set text NOT NULL CHECK (index_set <> ''),
    position integer NOT NULL,
    index_name name NOT NULL,
    relation text NOT NULL,
    priority text NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
    shipped boolean NOT NULL DEFAULT false,
    changed boolean NOT NULL DEFAULT false,
    removed boolean NOT NULL DEFAULT false,
    purpose text,
    ddl text NOT NULL,
    PRIMARY KEY (index_set, index_name)
);
COMMENT ON TABLE @extschema@.clipperf_index_set_members IS
'members of the index sets; change them with clipperf_add_index(), clipperf_remove_index() and clipperf_drop_index_set()';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.index_set IS 'name of the set';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.position IS 'place in the set, from 1; numbers may be missing';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.index_name IS 'name of the index';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.relation IS 'table as the definition names it; it need not exist';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.ddl IS 'the CREATE INDEX statement, without CONCURRENTLY and IF NOT EXISTS; names are resolved by the search_path of the role that uses the set';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.priority IS 'high, medium or low';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.purpose IS 'what the index is for';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.shipped IS 'true: came with the extension';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.changed IS 'true: came with the extension, and was changed or removed since; such rows and those not shipped are dumped by pg_dump';
COMMENT ON COLUMN @extschema@.clipperf_index_set_members.removed IS 'true: removed from the set; kept so that a restored database does not add it again';

INSERT INTO @extschema@.clipperf_index_set_members (index_set, position, index_name, relation, ddl, priority, purpose, shipped)
SELECT 'clipper', m.position, m.index_name, m.relation,
       pg_catalog.format('CREATE INDEX %s ON %s %s', m.index_name, m.relation, m.definition), m.priority, m.purpose, true
FROM (VALUES
(1, 'idx_clips_not_removed_hot', 'clips', 'high',
    '(is_removed, vote_score DESC, created_at DESC) WHERE is_removed = false',
    'The feed of clips, hottest first.'),
(2, 'idx_clips_not_removed_created', 'clips', 'high',
    '(is_removed, created_at DESC) WHERE is_removed = false',
    'The feed of clips, newest first.'),
(3, 'idx_clips_not_removed_vote_score', 'clips', 'high',
    '(is_removed, vote_score DESC) WHERE is_removed = false',
    'The feed of clips, best first.'),
(4, 'idx_comments_clip_not_removed_created', 'comments', 'high',
    '(clip_id, is_removed, created_at DESC) WHERE is_removed = false',
    'The comments of a clip, newest first.'),
(5, 'idx_comments_clip_not_removed_score', 'comments', 'high',
    '(clip_id, is_removed, vote_score DESC) WHERE is_removed = false',
    'The comments of a clip, best first.'),
(6, 'idx_votes_user_clip', 'votes', 'high',
    '(user_id, clip_id)',
    'The vote of a user on a clip.'),
(7, 'idx_votes_clip_user', 'votes', 'high',
    '(clip_id, user_id)',
    'The votes on a clip, by user.'),
(8, 'idx_favorites_user_clip', 'favorites', 'high',
    '(user_id, clip_id)',
    'Whether a clip is among a user''s favorites.'),
(9, 'idx_favorites_clip_user', 'favorites', 'high',
    '(clip_id, user_id)',
    'The users who have a clip among their favorites.'),
(10, 'idx_clips_game_not_removed_created', 'clips', 'medium',
    '(game_id, is_removed, created_at DESC) WHERE is_removed = false AND game_id IS NOT NULL',
    'The clips of a game, newest first.'),
(11, 'idx_clips_broadcaster_not_removed', 'clips', 'medium',
    '(broadcaster_id, is_removed, created_at DESC) WHERE is_removed = false AND broadcaster_id IS NOT NULL',
    'The clips of a broadcaster, newest first.'),
(12, 'idx_comments_user_created', 'comments', 'medium',
    '(user_id, is_removed, created_at DESC)',
    'The comments of a user, newest first.'),
(13, 'idx_votes_user_created', 'votes', 'medium',
    '(user_id, created_at DESC)',
    'The votes of a user, newest first.'),
(14, 'idx_favorites_user_created', 'favorites', 'medium',
    '(user_id, created_at DESC)',
    'The favorites of a user, newest first.'),
(15, 'idx_clip_tags_clip', 'clip_tags', 'medium',
    '(clip_id, tag_id)',
    'The tags of a clip.'),
(16, 'idx_clip_tags_tag', 'clip_tags', 'medium',
    '(tag_id, clip_id)',
    'The clips that have a tag.'),
(17, 'idx_tags_usage_count', 'tags', 'medium',
    '(usage_count DESC, name)',
    'The most used tags.'),
(18, 'idx_notifications_user_unread', 'notifications', 'medium',
    '(user_id, is_read, created_at DESC) WHERE is_read = false',
    'The unread notifications of a user, newest first.')
) AS m(position, index_name, relation, priority, definition, purpose);

-- What the extension shipped is there again after CREATE EXTENSION; the rest is dumped.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.clipperf_index_set_members', 'WHERE NOT shipped OR changed');

CREATE FUNCTION @extschema@._clipperf_index_set_changed()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.shipped := OLD.shipped;
        NEW.changed := OLD.shipped;
    ELSIF NEW.changed THEN
        EXECUTE format('DELETE FROM %I.%I AS m WHERE m.index_set = $1 AND m.index_name = $2 AND m.shipped',
                       TG_TABLE_SCHEMA, TG_TABLE_NAME)
        USING NEW.index_set, NEW.index_name;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@._clipperf_index_set_changed() IS
'marks changes of what the extension shipped, and lets such changes replace it when they are restored';
CREATE TRIGGER _clipperf_index_set_changed BEFORE INSERT OR UPDATE ON @extschema@.clipperf_index_set_members
    FOR EACH ROW EXECUTE FUNCTION @extschema@._clipperf_index_set_changed();
REVOKE ALL ON FUNCTION @extschema@._clipperf_index_set_changed() FROM PUBLIC;

CREATE VIEW @extschema@.clipperf_index_sets AS
SELECT m.index_set, pg_catalog.count(*) AS indexes,
       pg_catalog.array_agg(DISTINCT m.relation ORDER BY m.relation) AS relations,
       pg_catalog.bool_or(m.shipped) AS shipped
FROM @extschema@.clipperf_index_set_members AS m
WHERE NOT m.removed AND @extschema@._clipperf_note_ours()
GROUP BY m.index_set;

COMMENT ON VIEW @extschema@.clipperf_index_sets IS
'one row per index set; clipperf_index_set_members has the indexes';
COMMENT ON COLUMN @extschema@.clipperf_index_sets.index_set IS 'name of the set';
COMMENT ON COLUMN @extschema@.clipperf_index_sets.indexes IS 'number of its members';
COMMENT ON COLUMN @extschema@.clipperf_index_sets.relations IS 'tables they are on, as they are written; they need not exist';
COMMENT ON COLUMN @extschema@.clipperf_index_sets.shipped IS 'true: came with the extension';

GRANT SELECT ON @extschema@.clipperf_index_set_members, @extschema@.clipperf_index_sets TO PUBLIC;

CREATE FUNCTION @extschema@._clipperf_read_index_statement(
    statement text, OUT index_name name, OUT relation text, OUT ddl text)
RETURNS record
LANGUAGE c VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_read_index_statement';
COMMENT ON FUNCTION @extschema@._clipperf_read_index_statement(text) IS
'name, table and normalized text of exactly one CREATE INDEX statement; raises an error for anything else';
REVOKE ALL ON FUNCTION @extschema@._clipperf_read_index_statement(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.clipperf_add_index(
    index_set text, ddl text, priority text DEFAULT 'medium', purpose text DEFAULT NULL)
RETURNS name
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Looked up at each call: the schema may have been renamed.
    home CONSTANT regnamespace := (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'clipperf');
    member record;
    is_taken boolean;
BEGIN
    EXECUTE format('SELECT %s._clipperf_note_ours()', home);
    IF $1 IS NULL OR $2 IS NULL OR $3 IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN $1 IS NULL THEN 'index_set' WHEN $2 IS NULL THEN 'ddl' ELSE 'priority' END
            USING ERRCODE = 'null_value_not_allowed';
    ELSIF $1 = '' THEN
        RAISE EXCEPTION 'argument "index_set" must not be empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF $3 NOT IN ('high', 'medium', 'low') THEN
        RAISE EXCEPTION 'invalid priority: "%"', $3
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid priorities are "high", "medium", and "low".';
    END IF;
    EXECUTE format('SELECT * FROM %s._clipperf_read_index_statement($1)', home) INTO member USING $2;
    EXECUTE format('LOCK TABLE %s.clipperf_index_set_members IN SHARE ROW EXCLUSIVE MODE', home);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s.clipperf_index_set_members AS m
                                   WHERE m.index_set = $1 AND m.index_name = $2 AND NOT m.removed)', home)
    INTO is_taken USING $1, member.index_name;
    IF is_taken THEN
        RAISE EXCEPTION 'index "%" already exists in index set "%"', member.index_name, $1
            USING ERRCODE = 'duplicate_object', HINT = 'Remove it with clipperf_remove_index() first.';
    END IF;
    EXECUTE format('
        INSERT INTO %1$s.clipperf_index_set_members AS m (index_set, position, index_name, relation, ddl, priority, purpose)
        SELECT $1, 1 + coalesce(max(o.position), 0), $2, $3, $4, $5, $6
        FROM %1$s.clipperf_index_set_members AS o
        WHERE o.index_set = $1
        ON CONFLICT ON CONSTRAINT clipperf_index_set_members_pkey DO UPDATE
        SET position = EXCLUDED.position, relation = EXCLUDED.relation, ddl = EXCLUDED.ddl, priority = EXCLUDED.priority,
            purpose = EXCLUDED.purpose, removed = false', home)
    USING $1, member.index_name, member.relation, member.ddl, $3, $4;
    RETURN member.index_name;
END
$$;
COMMENT ON FUNCTION @extschema@.clipperf_add_index(text, text, text, text) IS
'adds one CREATE INDEX statement to an index set, which is created if it does not exist; returns the name of the index';

CREATE FUNCTION @extschema@.clipperf_remove_index(index_set text, index_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    home CONSTANT regnamespace := (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'clipperf');
    own bigint;
    shipped bigint;
BEGIN
    EXECUTE format('SELECT %s._clipperf_note_ours()', home);
    IF $1 IS NULL OR $2 IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN $1 IS NULL THEN 'index_set' ELSE 'index_name' END
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    EXECUTE format('DELETE FROM %s.clipperf_index_set_members AS m
                    WHERE m.index_set = $1 AND m.index_name = $2 AND NOT m.shipped', home) USING $1, $2;
    GET DIAGNOSTICS own = ROW_COUNT;
    EXECUTE format('UPDATE %s.clipperf_index_set_members AS m SET removed = true
                    WHERE m.index_set = $1 AND m.index_name = $2 AND NOT m.removed', home) USING $1, $2;
    GET DIAGNOSTICS shipped = ROW_COUNT;
    IF own + shipped = 0 THEN
        RAISE EXCEPTION 'index "%" does not exist in index set "%"', $2, $1
            USING ERRCODE = 'undefined_object';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.clipperf_remove_index(text, name) IS
'removes an index from an index set; indexes of the database stay as they are';

CREATE FUNCTION @extschema@.clipperf_drop_index_set(index_set text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    home CONSTANT regnamespace := (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'clipperf');
    own bigint;
    shipped bigint;
BEGIN
    EXECUTE format('SELECT %s._clipperf_note_ours()', home);
    IF $1 IS NULL THEN
        RAISE EXCEPTION 'argument "index_set" must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    EXECUTE format('DELETE FROM %s.clipperf_index_set_members AS m WHERE m.index_set = $1 AND NOT m.shipped', home) USING $1;
    GET DIAGNOSTICS own = ROW_COUNT;
    EXECUTE format('UPDATE %s.clipperf_index_set_members AS m SET removed = true
                    WHERE m.index_set = $1 AND NOT m.removed', home) USING $1;
    GET DIAGNOSTICS shipped = ROW_COUNT;
    IF own + shipped = 0 THEN
        RAISE EXCEPTION 'index set "%" does not exist', $1
            USING ERRCODE = 'undefined_object', HINT = 'The view clipperf_index_sets lists the sets there are.';
    END IF;
    RETURN own + shipped;
END
$$;
COMMENT ON FUNCTION @extschema@.clipperf_drop_index_set(text) IS
'drops an index set; indexes of the database stay as they are; returns how many members it had';

REVOKE ALL ON FUNCTION @extschema@.clipperf_add_index(text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_remove_index(text, name) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.clipperf_drop_index_set(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.clipperf_index_set_status(
    index_set text,
    OUT index_name name, OUT relation regclass, OUT action text, OUT reason text, OUT ddl text)
RETURNS SETOF record
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_index_set_status';
COMMENT ON FUNCTION @extschema@.clipperf_index_set_status(text) IS
'what to do with each member of an index set in this database, judged by the definitions alone: create, keep (it exists) or skip, with the reason, and the statement that creates it';
