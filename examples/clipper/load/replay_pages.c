/*-------------------------------------------------------------------------
 *
 * replay_pages.c
 *	  Clipper's other pages: clips, votes, search, comments, users.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

/* What is shown of a comment; the id, then its author's id. */
#define COMMENT_COLUMNS \
	"c.id, c.user_id, c.parent_comment_id, c.content, c.vote_score, c.is_edited, c.created_at"

/* What is shown of a comment's author. */
#define AUTHOR_COLUMNS	"u.id, u.username, u.display_name, u.avatar_url, u.karma_points, u.role"

/*
 * The clip that a user turns to: one of the page before him, or a popular one
 * from elsewhere.
 */
static const char *
some_clip(Session *session)
{
	if (session->last_feed != NULL && chance(session, 0.5))
		return popular(session, session->last_feed);
	return popular(session, session->replay->catalogue.clips);
}

/*
 * One clip, counted as viewed, with its tags and what the user thinks of it;
 * now and then with related clips.
 */
void
clip_detail(Session *session)
{
	const char *id = some_clip(session);
	PGresult   *clip = query(session, "SELECT * FROM clips WHERE id = $1 AND is_removed = false", 1, id);

	command(session, "UPDATE clips SET view_count = view_count + 1 WHERE id = $1", 1, id);
	command(session, "SELECT t.id, t.name, t.slug, t.color FROM tags t "
			"JOIN clip_tags ct ON ct.tag_id = t.id WHERE ct.clip_id = $1 ORDER BY t.name", 1, id);
	command(session, "SELECT vote_type FROM votes WHERE user_id = $1 AND clip_id = $2",
			2, session->user_id, id);
	command(session, "SELECT EXISTS (SELECT 1 FROM favorites WHERE user_id = $1 AND clip_id = $2)",
			2, session->user_id, id);
	if (PQntuples(clip) > 0 && chance(session, 0.5))
		command(session, "SELECT id, title, thumbnail_url, vote_score FROM clips "
				"WHERE game_id = $1 AND id <> $2 AND is_removed = false ORDER BY vote_score DESC LIMIT 10",
				2, PQgetvalue(clip, 0, PQfnumber(clip, "game_id")), id);
	PQclear(clip);
}

/*
 * Vote up or down in a transaction; the trigger keeps the clip's score.
 */
void
vote(Session *session)
{
	const char *clip = some_clip(session);

	begin(session);
	command(session, "SELECT id FROM clips WHERE id = $1 AND is_removed = false", 1, clip);
	command(session, "INSERT INTO votes (user_id, clip_id, vote_type) VALUES ($1, $2, $3) "
			"ON CONFLICT (user_id, clip_id) DO UPDATE SET vote_type = EXCLUDED.vote_type",
			3, session->user_id, clip, chance(session, 0.85) ? "1" : "-1");
	commit(session);
}

/*
 * Add a favourite, or take it away.
 */
void
favorite(Session *session)
{
	const char *clip = some_clip(session);

	if (chance(session, 0.8))
		command(session, "INSERT INTO favorites (user_id, clip_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
				2, session->user_id, clip);
	else
		command(session, "DELETE FROM favorites WHERE user_id = $1 AND clip_id = $2",
				2, session->user_id, clip);
}

/*
 * Search clips, users and tags for a word.
 */
void
search(Session *session)
{
	char		pattern[256];

	snprintf(pattern, sizeof(pattern), "%%%s%%",
			 popular(session, session->replay->catalogue.words));
	command(session, "SELECT id, title, broadcaster_name, thumbnail_url, vote_score FROM clips "
			"WHERE is_removed = false AND title ILIKE $1 ORDER BY vote_score DESC LIMIT 20", 1, pattern);
	command(session, "SELECT id, username, display_name FROM users WHERE username ILIKE $1 "
			"ORDER BY karma_points DESC LIMIT 10", 1, pattern);
	command(session, "SELECT id, name, slug FROM tags WHERE name ILIKE $1 "
			"ORDER BY usage_count DESC LIMIT 10", 1, pattern);
}

/*
 * The replies to a page of comments, all at once.
 */
static void
replies_at_once(Session *session, const PGresult *comments)
{
	char	   *ids = array_of(comments, 0);

	if (PQntuples(comments) > 0)
		command(session, "SELECT " COMMENT_COLUMNS ", " AUTHOR_COLUMNS " FROM comments c "
				"JOIN users u ON u.id = c.user_id WHERE c.parent_comment_id = ANY ($1) "
				"AND c.is_removed = false ORDER BY c.created_at", 1, ids);
	free(ids);
}

/*
 * The newest comments of a clip, then each author by himself.
 */
void
comments_newest(Session *session)
{
	PGresult   *comments = query(session, "SELECT " COMMENT_COLUMNS " FROM comments c "
								 "WHERE c.clip_id = $1 AND c.is_removed = false AND c.parent_comment_id IS NULL "
								 "ORDER BY c.created_at DESC LIMIT $2", 2, some_clip(session), COMMENT_PAGE);

	for (int row = 0; row < PQntuples(comments); row++)
		command(session, "SELECT " AUTHOR_COLUMNS " FROM users u WHERE u.id = $1",
				1, value_of(comments, row, 1));
	replies_at_once(session, comments);
	PQclear(comments);
}

/*
 * The best comments of a clip, with their authors in one statement.
 */
void
comments_best(Session *session)
{
	PGresult   *comments = query(session, "SELECT " COMMENT_COLUMNS ", " AUTHOR_COLUMNS " FROM comments c "
								 "JOIN users u ON u.id = c.user_id "
								 "WHERE c.clip_id = $1 AND c.is_removed = false AND c.parent_comment_id IS NULL "
								 "ORDER BY c.vote_score DESC, c.created_at DESC LIMIT $2",
								 2, some_clip(session), COMMENT_PAGE);

	replies_at_once(session, comments);
	PQclear(comments);
}

/*
 * The latest comments of the whole site, then their authors, all at once.
 */
void
comments_latest(Session *session)
{
	PGresult   *comments = query(session, "SELECT " COMMENT_COLUMNS ", c.clip_id FROM comments c "
								 "WHERE c.is_removed = false ORDER BY c.created_at DESC LIMIT $1",
								 1, COMMENT_PAGE);
	char	   *authors = array_of(comments, 1);

	command(session, "SELECT " AUTHOR_COLUMNS " FROM users u WHERE u.id = ANY ($1)", 1, authors);
	free(authors);
	PQclear(comments);
}

/*
 * Write a comment in a transaction; the trigger keeps the clip's counter.
 */
void
create_comment(Session *session)
{
	const char *clip = some_clip(session);

	begin(session);
	command(session, "SELECT id FROM clips WHERE id = $1 AND is_removed = false", 1, clip);
	command(session, "INSERT INTO comments (clip_id, user_id, content) VALUES ($1, $2, $3) RETURNING id, created_at",
			3, clip, session->user_id, "What a play, I have watched it ten times by now.");
	commit(session);
}

/*
 * A user's own page: profile, comments, votes and favourites, newest first.
 */
void
user_page(Session *session)
{
	command(session, "SELECT * FROM users WHERE id = $1", 1, session->user_id);
	command(session, "SELECT " COMMENT_COLUMNS " FROM comments c WHERE c.user_id = $1 AND c.is_removed = false "
			"ORDER BY c.created_at DESC LIMIT 20", 1, session->user_id);
	command(session, "SELECT v.vote_type, v.created_at, c.id, c.title FROM votes v "
			"JOIN clips c ON c.id = v.clip_id WHERE v.user_id = $1 ORDER BY v.created_at DESC LIMIT 20",
			1, session->user_id);
	command(session, "SELECT f.created_at, c.id, c.title FROM favorites f "
			"JOIN clips c ON c.id = f.clip_id WHERE f.user_id = $1 ORDER BY f.created_at DESC LIMIT 20",
			1, session->user_id);
}

/*
 * The user's unread notifications; now and then all are marked as read.
 */
void
notifications(Session *session)
{
	command(session, "SELECT id, type, title, message, link, created_at FROM notifications "
			"WHERE user_id = $1 AND is_read = false ORDER BY created_at DESC LIMIT 20", 1, session->user_id);
	if (chance(session, 0.2))
		command(session, "UPDATE notifications SET is_read = true WHERE user_id = $1 AND is_read = false",
				1, session->user_id);
}
