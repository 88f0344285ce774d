/*-------------------------------------------------------------------------
 *
 * encoding.c
 *	  Strings that databases of several encodings share.
 *
 * A database of encoding SQL_ASCII takes any bytes, and sends them to clients
 * that may refuse what is invalid for them.  Such a string is shown as it is
 * if it is UTF-8, and cut as if it were.  Strings of other encodings are valid
 * when they are stored; that is checked all the same, since they may come from a
 * file.
 *
 *-------------------------------------------------------------------------
 */
#include "store/encoding.h"

#include "mb/pg_wchar.h"

/* Is a string of an encoding valid in this database, and for its clients? */
static bool
is_readable(const char *string, int encoding)
{
	if (encoding != GetDatabaseEncoding())
		return false;
	return pg_verify_mbstr(encoding == PG_SQL_ASCII ? PG_UTF8 : encoding,
						   string, strlen(string), true);
}

/*
 * Make a string that was stored in "encoding" one that this database can show:
 * if it may not be valid here, each byte that is not ASCII becomes a question
 * mark.
 */
void
encoding_make_readable(char *string, int encoding)
{
	if (is_readable(string, encoding))
		return;
	for (char *c = string; *c != '\0'; c++)
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
}

/*
 * Bytes of a string of this database that are kept if "most" may be: it is cut
 * between two characters.
 */
int
encoding_clip(const char *string, int length, int most)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding == PG_SQL_ASCII)
		encoding = PG_UTF8;
	return pg_encoding_mbcliplen(encoding, string, length, most);
}
