/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Errors, memory, growing strings, random numbers and the clock.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

static uint64_t random_state;

/*
 * Print an error and end the program with status 2: no verdict.
 */
void
die(const char *format,...)
{
	va_list		args;

	fflush(stdout);
	fputs("fuzz: error: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

/*
 * Zeroed memory, or the end of the program.
 */
void *
must_alloc(size_t size)
{
	void	   *memory = calloc(1, size ? size : 1);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

/*
 * Resized memory, or the end of the program.
 */
void *
must_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (memory == NULL)
		die("out of memory");
	return memory;
}

/*
 * A copy of a string; NULL of NULL.
 */
char *
must_copy(const char *string)
{
	size_t		size;

	if (string == NULL)
		return NULL;
	size = strlen(string) + 1;
	return memcpy(must_alloc(size), string, size);
}

/*
 * Make room for more bytes and the zero behind them.
 */
static void
text_reserve(Text *text, size_t more)
{
	if (text->length + more + 1 > text->size)
	{
		text->size = (text->length + more + 1) * 2;
		text->data = must_realloc(text->data, text->size);
	}
}

/*
 * Append what printf() would print.
 */
__attribute__((format(printf, 2, 0))) static void
text_add_args(Text *text, const char *format, va_list args)
{
	va_list		copy;
	int			length;

	va_copy(copy, args);
	length = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	text_reserve(text, length);
	vsnprintf(text->data + text->length, length + 1, format, args);
	text->length += length;
}

/*
 * Append what printf() would print.
 */
void
text_add(Text *text, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	text_add_args(text, format, args);
	va_end(args);
}

/*
 * Append bytes, whatever they are.
 */
void
text_add_bytes(Text *text, const void *bytes, size_t length)
{
	text_reserve(text, length);
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/*
 * Append a string so many times.
 */
void
text_repeat(Text *text, const char *piece, int times)
{
	size_t		length = strlen(piece);

	text_reserve(text, length * times);
	for (int i = 0; i < times; i++)
	{
		memcpy(text->data + text->length, piece, length);
		text->length += length;
	}
	text->data[text->length] = '\0';
}

/*
 * A new string of what printf() would print.
 */
char *
format_text(const char *format,...)
{
	Text		text = {0};
	va_list		args;

	va_start(args, format);
	text_add_args(&text, format, args);
	va_end(args);
	return text.data;
}

/*
 * Begin a stream of random numbers.
 */
void
random_start(uint64_t seed, uint64_t stream)
{
	random_state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^
		(stream + 1) * UINT64_C(0xD1B54A32D192ED03);
	for (int i = 0; i < 4; i++)
		(void) random_below(2);
}

/*
 * A random number from 0 to limit - 1 (splitmix64).
 */
int
random_below(int limit)
{
	uint64_t	z = (random_state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	z ^= z >> 31;
	return limit > 1 ? (int) (z % (uint64_t) limit) : 0;
}

/*
 * True once in n times.
 */
bool
one_in(int n)
{
	return random_below(n) == 0;
}

/*
 * Seconds of a clock that never goes back.
 */
double
now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
