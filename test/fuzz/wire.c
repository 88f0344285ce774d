/*-------------------------------------------------------------------------
 *
 * wire.c
 *	  Sends messages that libpq does not send, and reads what comes.
 *
 * libpq always executes a portal to its end.  Here the messages of a step go
 * through its socket as they are; libpq takes no notice, as it is idle before
 * and after them.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* Bytes of a message's type and length. */
#define HEADER_BYTES	5

/*
 * Wait until the socket can be written to or read from.
 */
static void
wait_for(PGconn * conn, short events)
{
	struct pollfd wanted = {.fd = PQsocket(conn),.events = events};

	(void) poll(&wanted, 1, -1);
}

/*
 * Write all bytes; false when the server has gone.
 */
static bool
write_all(PGconn * conn, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(PQsocket(conn), bytes, length);

		if (written > 0)
		{
			bytes += written;
			length -= written;
		}
		else if (written < 0 && (errno == EAGAIN || errno == EINTR))
			wait_for(conn, POLLOUT);
		else
			return false;
	}
	return true;
}

/*
 * Read so many bytes; false when the server has gone.
 */
static bool
read_all(PGconn * conn, char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t		got = read(PQsocket(conn), bytes, length);

		if (got > 0)
		{
			bytes += got;
			length -= got;
		}
		else if (got < 0 && (errno == EAGAIN || errno == EINTR))
			wait_for(conn, POLLIN);
		else
			return false;
	}
	return true;
}

/*
 * An integer of two or four bytes.
 */
static int
int16_at(const char *bytes)
{
	uint16_t	value;

	memcpy(&value, bytes, sizeof(value));
	return (int16_t) ntohs(value);
}

static int32_t
int32_at(const char *bytes)
{
	uint32_t	value;

	memcpy(&value, bytes, sizeof(value));
	return (int32_t) ntohl(value);
}

/*
 * Append the values of a row.
 */
static void
add_row(Text *answer, const char *body)
{
	int			count = int16_at(body);

	body += 2;
	for (int i = 0; i < count; i++)
	{
		int			length = int32_at(body);

		body += 4;
		if (length < 0)
			text_add(answer, "|NULL");
		else
		{
			answer_add_value(answer, (const unsigned char *) body, length);
			body += length;
		}
	}
}

/*
 * Append SQLSTATE and message of an error.
 */
static void
add_error(Text *answer, const char *body)
{
	for (; *body != '\0'; body += strlen(body) + 1)
	{
		if (*body == 'C')
			text_add(answer, " %s", body + 1);
		if (*body == 'M')
		{
			text_add(answer, ": ");
			answer_add_message(answer, body + 1);
		}
	}
}

/*
 * Append a message of the server, without what differs between servers.
 */
static void
add_server_message(Text *answer, char type, const char *body)
{
	if (type == 'N' || type == 'S' || type == 'A')
		return;
	text_add(answer, "%c", type);
	if (type == 'D')
		add_row(answer, body);
	else if (type == 'E')
		add_error(answer, body);
	else if (type == 'C')
		text_add(answer, " %s", body);
	else if (type == 'Z')
		text_add(answer, " %c", *body);
	else if (type == 'T' || type == 't')
		text_add(answer, " %d", int16_at(body));
	text_add(answer, "\n");
}

/*
 * Send the messages of a step and append what comes, until the server has got
 * ready as often as it was asked to.
 */
void
wire_run(PGconn * conn, const Step *step, Text *answer)
{
	int			left = step->syncs;
	bool		alive = write_all(conn, step->values[0], step->lengths[0]);

	while (alive && left > 0)
	{
		char		header[HEADER_BYTES];
		char	   *body;
		size_t		length;

		if (!read_all(conn, header, HEADER_BYTES))
			break;
		length = int32_at(header + 1) - 4;
		body = must_alloc(length + 1);
		alive = read_all(conn, body, length);
		if (alive)
			add_server_message(answer, header[0], body);
		left -= alive && header[0] == 'Z';
		free(body);
	}
	if (left > 0)
		PQconsumeInput(conn);	/* libpq sees that the server has gone */
}
