/*-------------------------------------------------------------------------
 *
 * request.c
 *	  Which request and route of the application a statement belongs to.
 *
 * Belongs to one backend.  Overwritten by each statement of the client, so an
 * error leaves nothing behind that matters.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/request.h"

#include "utils/guc.h"

#include "hotpath.h"
#include "profile/text/comment.h"
#include "settings.h"

Request		request_current HOTPATH_DATA = {ROUTE_NONE, 0};

/* The route that holds where no comment names one. */
pg_attribute_hot static RouteId
session_route(void)
{
	if (setting_route != NULL && *setting_route != '\0')
		return route_intern_string(setting_route, ROUTE_OF_REQUEST);
	if (application_name != NULL && *application_name != '\0')
		return route_intern_string(application_name, ROUTE_OF_APPLICATION);
	return ROUTE_NONE;
}

/* The request of a statement that seems to have a comment. */
static pg_noinline Request
commented_request(const char *source, int location, int length)
{
	CommentFacts facts;
	Request		request = {ROUTE_NONE, 0};

	if (!comment_read(source, location, length, &facts))
	{
		request.route = session_route();
		return request;
	}
	request.trace = facts.trace;
	request.route = facts.route[0] == '\0' ? session_route() :
		route_intern(facts.route, strlen(facts.route), ROUTE_OF_REQUEST);
	return request;
}

/*
 * A client's statement begins: the route is that of its sqlcommenter comment,
 * else clipperf.route, else application_name.  Statements inside it belong to
 * the same request.  Returns the statement's text without white space and
 * semicolons at its ends, which lives as long as the source; { NULL, 0 } if it
 * may have a comment.
 */
pg_attribute_hot BareText
request_begin(const char *source, int location, int length)
{
	BareText	bare;

	if (unlikely(comment_is_likely(source, location, length, &bare)))
	{
		request_current = commented_request(source, location, length);
		return (BareText)
		{
			NULL, 0
		};
	}
	request_current.route = session_route();
	request_current.trace = 0;
	return bare;
}
