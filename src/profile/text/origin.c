/*-------------------------------------------------------------------------
 *
 * origin.c
 *	  Where in the application a statement comes from.
 *
 * Read once, when a loop is found, and kept with it.  So of what a comment says
 * only what is the same in each call is read: no trace, no process, no time.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/origin.h"

#include "utils/guc.h"

#include "common/framework.h"
#include "profile/text/comment.h"
#include "store/encoding.h"

/* Copy a string, cut at a character boundary. */
static void
copy_clipped(char *to, const char *from, int size)
{
	int			length = encoding_clip(from, strlen(from), size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

/*
 * The framework, by what names it: itself, the library that sends its
 * statements, the keys that Rails alone writes, or the session.
 */
static void
set_framework(PatternOrigin *origin, const char *framework, const char *driver,
			  bool is_rails)
{
	char		both[2 * COMMENT_VALUE_SIZE];

	snprintf(both, sizeof(both), "%s%s%s", framework,
			 *framework && *driver ? "/" : "", driver);
	if (both[0] == '\0' && is_rails)
		strcpy(both, "rails");
	if (both[0] == '\0' && application_name != NULL &&
		framework_is_known(application_name))
		strlcpy(both, application_name, sizeof(both));
	copy_clipped(origin->framework, both, sizeof(origin->framework));
}

/*
 * What a statement's comment and application_name say of it: strings of the
 * database's encoding, empty where nothing is said.  Raises nothing.
 */
void
origin_read(const StatementSource *source, PatternOrigin *origin)
{
	char		framework[COMMENT_VALUE_SIZE];
	char		driver[COMMENT_VALUE_SIZE];
	char		application[COMMENT_VALUE_SIZE];
	char		location[COMMENT_VALUE_SIZE];
	char		file[COMMENT_VALUE_SIZE];
	char		line[COMMENT_VALUE_SIZE];
	char		controller[COMMENT_VALUE_SIZE];
	char		action[COMMENT_VALUE_SIZE];
	char		job[COMMENT_VALUE_SIZE];
	char		place[8 * COMMENT_VALUE_SIZE];
	const CommentValue wanted[] = {
		{"framework", framework},
		{"db_driver", driver},
		{"application", application},
		{"source_location", location},
		{"file", file},
		{"line", line},
		{"controller", controller},
		{"action", action},
		{"job", job}
	};

	memset(origin, 0, sizeof(PatternOrigin));
	(void) comment_values(source->text, source->location, source->length, wanted,
						  lengthof(wanted));
	set_framework(origin, framework, driver,
				  application[0] != '\0' && (controller[0] != '\0' || job[0] != '\0'));

	/* Marginalia's "line" is the file and the line */
	snprintf(place, sizeof(place), "%s%s%s%s%s%s%s%s%s",
			 location[0] ? location : file[0] ? file : line,
			 !location[0] && file[0] && line[0] ? ":" : "",
			 !location[0] && file[0] ? line : "",
			 (location[0] || file[0] || line[0]) &&
			 (controller[0] || action[0] || job[0]) ? " in " : "",
			 job,
			 job[0] && (controller[0] || action[0]) ? ", " : "",
			 controller,
			 controller[0] && action[0] ? "#" : "",
			 action);
	copy_clipped(origin->place, place, sizeof(origin->place));
}
