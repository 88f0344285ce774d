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

#include "access/xact.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "hotpath.h"
#include "profile/text/comment.h"
#include "settings.h"

Request		request_current HOTPATH_DATA = {ROUTE_NONE, 0, false};
ParsedText	request_parsed HOTPATH_DATA = {NULL, 0};

/* May this be a traceparent?  Most names of applications are none. */
static inline bool
may_be_trace(const char *name)
{
	return name[0] == '0' && name[1] != '\0' && name[2] == '-';
}

/* The trace that clipperf.trace calls by its name. */
static pg_noinline uint64
setting_trace_hash(void)
{
	static uint32 version = 0;
	static uint64 trace = 0;

	if (version != setting_trace_version)
	{
		trace = comment_trace_called(setting_trace);
		version = setting_trace_version;
	}
	return trace;
}

/* What the session says, where no comment says it. */
static pg_attribute_always_inline Request
session_request(void)
{
	Request		request = {ROUTE_NONE, 0, false};

	if (application_name != NULL && *application_name != '\0')
	{
		if (unlikely(may_be_trace(application_name)))
			request.trace = comment_trace(application_name);
		if (likely(request.trace == 0) &&
			(setting_route == NULL || *setting_route == '\0'))
			request.route = route_intern_string(application_name,
												ROUTE_OF_APPLICATION);
	}
	if (setting_route != NULL && *setting_route != '\0')
	{
		request.route = route_intern_string(setting_route, ROUTE_OF_REQUEST);
		request.named = true;
	}
	if (unlikely(setting_trace != NULL && *setting_trace != '\0'))
		request.trace = setting_trace_hash();
	return request;
}

/*
 * Was this text parsed in order to be executed now?  Where the message that
 * executes it had it parsed, it was.  A text of a message before is executed
 * as a copy: if it is the very one, a statement prepared long ago was analyzed
 * again, because a table has changed.
 */
static bool
is_parsed_for_now(const char *source)
{
	return request_parsed.source != NULL &&
		(request_parsed.source != source ||
		 request_parsed.message == GetCurrentStatementStartTimestamp());
}

/*
 * The request of a statement that seems to have a comment.  A trace in it is
 * that of the moment when the text was parsed: of a statement that was prepared
 * earlier it says nothing.
 */
static pg_noinline Request
commented_request(const char *source, int location, int length)
{
	CommentFacts facts;
	Request		request = session_request();

	if (!comment_read(source, location, length, &facts))
		return request;
	if (facts.trace != 0 && is_parsed_for_now(source))
		request.trace = facts.trace;
	if (facts.route[0] != '\0')
	{
		request.route = route_intern_string(facts.route, ROUTE_OF_REQUEST);
		request.named = true;
	}
	return request;
}

/*
 * A client's statement begins: the route is that of its sqlcommenter comment,
 * else clipperf.route, else application_name; the trace is that of the comment,
 * if it was parsed for this execution, else clipperf.trace, else application_name
 * if that is a traceparent.  Statements inside it belong to the same request.  Returns the statement's text without white space and
 * semicolons at its ends, which lives as long as the source; { NULL, 0 } if it
 * may have a comment.
 */
pg_attribute_hot BareText
request_begin(const char *source, int location, int length)
{
	BareText	bare = comment_free_text(source, location, length);

	request_current = likely(bare.at != NULL) ? session_request() :
		commented_request(source, location, length);
	return bare;
}

/* What runs has no text that could tell more than the session. */
void
request_session(void)
{
	request_current = session_request();
}

/*
 * Is what the client has sent already its next statement?  A Sync or Flush belongs
 * to this one.  A byte may be looked at only while a message is being read.
 */
bool
request_waits_in_buffer(void)
{
	int			byte;

	if (whereToSendOutput != DestRemote || pq_is_reading_msg())
		return false;
	pq_startmsgread();
	byte = pq_peekbyte();
	pq_endmsgread();
	return byte != 'S' && byte != 'H';
}
