/*-------------------------------------------------------------------------
 *
 * replay_feed.c
 *	  Clipper's feeds, sorted and filtered in many ways.
 *
 * Some add the user's votes and favourites, or the tags, clip by clip; others
 * fetch them for the whole page at once.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

/* What a feed shows of a clip; the id comes first. */
#define CLIP_COLUMNS \
	"c.id, c.twitch_clip_url, c.embed_url, c.title, c.creator_name, c.broadcaster_id, " \
	"c.broadcaster_name, c.game_id, c.game_name, c.thumbnail_url, c.duration, " \
	"c.view_count, c.vote_score, c.comment_count, c.favorite_count, c.created_at"

/* Pages that users look at. */
#define PAGES	10

/*
 * The offset of the page that the user looks at, mostly the first.
 */
static const char *
page_offset(Session *session, char *buffer, size_t size)
{
	snprintf(buffer, size, "%d", random_zipf(&session->random, PAGES) * atoi(FEED_PAGE));
	return buffer;
}

/*
 * The user's vote and favourite, clip by clip: two statements for each.
 */
static void
votes_one_by_one(Session *session, const PGresult *clips)
{
	for (int row = 0; row < PQntuples(clips); row++)
	{
		const char *clip = value_of(clips, row, 0);

		command(session, "SELECT vote_type FROM votes WHERE user_id = $1 AND clip_id = $2",
				2, session->user_id, clip);
		command(session, "SELECT EXISTS (SELECT 1 FROM favorites WHERE user_id = $1 AND clip_id = $2)",
				2, session->user_id, clip);
	}
}

/*
 * The user's votes and favourites of the whole page: two statements in all.
 */
static void
votes_at_once(Session *session, const PGresult *clips)
{
	char	   *ids = array_of(clips, 0);

	command(session, "SELECT clip_id, vote_type FROM votes WHERE user_id = $1 AND clip_id = ANY ($2)",
			2, session->user_id, ids);
	command(session, "SELECT clip_id FROM favorites WHERE user_id = $1 AND clip_id = ANY ($2)",
			2, session->user_id, ids);
	free(ids);
}

/*
 * The tags, clip by clip.
 */
static void
tags_one_by_one(Session *session, const PGresult *clips)
{
	for (int row = 0; row < PQntuples(clips); row++)
		command(session, "SELECT t.id, t.name, t.slug, t.color FROM tags t "
				"JOIN clip_tags ct ON ct.tag_id = t.id WHERE ct.clip_id = $1 ORDER BY t.name",
				1, value_of(clips, row, 0));
}

/*
 * The tags of the whole page.
 */
static void
tags_at_once(Session *session, const PGresult *clips)
{
	char	   *ids = array_of(clips, 0);

	command(session, "SELECT ct.clip_id, t.id, t.name, t.slug, t.color FROM tags t "
			"JOIN clip_tags ct ON ct.tag_id = t.id WHERE ct.clip_id = ANY ($1) ORDER BY t.name",
			1, ids);
	free(ids);
}

/*
 * The user has this page before him from now on.
 */
static void
show(Session *session, PGresult *clips)
{
	if (PQntuples(clips) == 0)
	{
		PQclear(clips);
		return;
	}
	PQclear(session->last_feed);
	session->last_feed = clips;
}

/*
 * Hot clips, with votes and favourites one by one.
 */
void
feed_hot(Session *session)
{
	char		offset[16];
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.is_removed = false "
							  "ORDER BY c.vote_score DESC, c.created_at DESC LIMIT $1 OFFSET $2",
							  2, FEED_PAGE, page_offset(session, offset, sizeof(offset)));

	votes_one_by_one(session, clips);
	show(session, clips);
}

/*
 * New clips and their number, with everything at once.
 */
void
feed_new(Session *session)
{
	char		offset[16];
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.is_removed = false "
							  "ORDER BY c.created_at DESC LIMIT $1 OFFSET $2",
							  2, FEED_PAGE, page_offset(session, offset, sizeof(offset)));

	command(session, "SELECT count(*) FROM clips WHERE is_removed = false", 0);
	votes_at_once(session, clips);
	tags_at_once(session, clips);
	show(session, clips);
}

/*
 * The best clips of a day, a week or a month, with their tags one by one.
 */
void
feed_top(Session *session)
{
	static const char *const spans[] = {"1 day", "7 days", "30 days"};
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.is_removed = false "
							  "AND c.created_at > $1::timestamp - $2::interval ORDER BY c.vote_score DESC LIMIT $3",
							  3, value_of(session->replay->catalogue.newest, 0, 0),
							  spans[random_below(&session->random, 3)], FEED_PAGE);

	tags_one_by_one(session, clips);
	show(session, clips);
}

/*
 * The newest clips of a game and their number, with everything at once.
 */
void
feed_game(Session *session)
{
	const char *game = popular(session, session->replay->catalogue.games);
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.game_id = $1 "
							  "AND c.is_removed = false ORDER BY c.created_at DESC LIMIT $2", 2, game, FEED_PAGE);

	command(session, "SELECT count(*) FROM clips WHERE game_id = $1 AND is_removed = false", 1, game);
	votes_at_once(session, clips);
	tags_at_once(session, clips);
	show(session, clips);
}

/*
 * The newest clips of a broadcaster, with votes and favourites one by one.
 */
void
feed_broadcaster(Session *session)
{
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.broadcaster_id = $1 "
							  "AND c.is_removed = false ORDER BY c.created_at DESC LIMIT $2",
							  2, popular(session, session->replay->catalogue.broadcasters), FEED_PAGE);

	votes_one_by_one(session, clips);
	show(session, clips);
}

/*
 * Hot clips with a tag, with all their tags one by one.
 */
void
feed_tag(Session *session)
{
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c "
							  "JOIN clip_tags ct ON ct.clip_id = c.id WHERE ct.tag_id = $1 AND c.is_removed = false "
							  "ORDER BY c.vote_score DESC LIMIT $2",
							  2, popular(session, session->replay->catalogue.tags), FEED_PAGE);

	tags_one_by_one(session, clips);
	show(session, clips);
}

/*
 * The most viewed clips in a language, with everything at once.
 */
void
feed_language(Session *session)
{
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c WHERE c.language = $1 "
							  "AND c.is_removed = false ORDER BY c.view_count DESC LIMIT $2",
							  2, popular(session, session->replay->catalogue.languages), FEED_PAGE);

	votes_at_once(session, clips);
	tags_at_once(session, clips);
	show(session, clips);
}

/*
 * What is talked about: the clips most often made a favourite and the tags
 * most often given in a week, and the latest favourites.
 */
void
feed_trending(Session *session)
{
	const char *newest = value_of(session->replay->catalogue.newest, 0, 0);
	PGresult   *clips = query(session, "SELECT " CLIP_COLUMNS " FROM clips c "
							  "JOIN (SELECT clip_id, count(*) AS favorites FROM favorites "
							  "WHERE created_at > $1::timestamp - interval '7 days' GROUP BY clip_id "
							  "ORDER BY count(*) DESC LIMIT $2) f ON f.clip_id = c.id "
							  "WHERE c.is_removed = false ORDER BY f.favorites DESC", 2, newest, FEED_PAGE);

	command(session, "SELECT t.id, t.name, t.slug, count(*) AS clips FROM clip_tags ct "
			"JOIN tags t ON t.id = ct.tag_id WHERE ct.created_at > $1::timestamp - interval '7 days' "
			"GROUP BY t.id ORDER BY count(*) DESC LIMIT 20", 1, newest);
	command(session, "SELECT f.user_id, f.clip_id, f.created_at FROM favorites f "
			"ORDER BY f.created_at DESC LIMIT 20", 0);
	show(session, clips);
}
