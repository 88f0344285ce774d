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

#include "profile/comment.h"
#include "settings.h"

static RouteId current_route = ROUTE_NONE;
static uint64 current_trace = 0;

/* The route that holds where no comment names one. */
static RouteId
session_route(void)
{
	if (setting_route != NULL && *setting_route != '\0')
		return route_intern(setting_route, strlen(setting_route),
							ROUTE_OF_REQUEST);
	if (application_name != NULL && *application_name != '\0')
		return route_intern(application_name, strlen(application_name),
							ROUTE_OF_APPLICATION);
	return ROUTE_NONE;
}

/* See request.h. */
void
request_begin(const char *source, int location, int length)
{
	CommentFacts facts;

	current_trace = 0;
	if (comment_read(source, location, length, &facts))
	{
		current_trace = facts.trace;
		if (facts.route[0] != '\0')
		{
			current_route = route_intern(facts.route, strlen(facts.route),
										 ROUTE_OF_REQUEST);
			return;
		}
	}
	current_route = session_route();
}

RouteId
request_route(void)
{
	return current_route;
}

uint64
request_trace(void)
{
	return current_trace;
}
