/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Text of a server on its way out: to a terminal, into XML.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

#include <stdio.h>

/* What stands for a character that cannot be written: U+FFFD. */
#define REPLACEMENT_CHARACTER "\357\277\275"

/* Length in bytes of the UTF-8 character that a string begins with; 0 if it begins with none. */
extern int	utf8_length(const char *string);

/* Writes text as one line: no control character, and no newline, reaches a terminal. */
extern void put_line(FILE *out, const char *text);

/* The same for text that may have several lines. */
extern void put_lines(FILE *out, const char *text);

/* The same, with an indentation before the first line and one before each other line, and a newline at the end. */
extern void put_indented(FILE *out, const char *first_indent, const char *indent, const char *text);

/* Writes text into XML: into an element, or into an attribute in double quotes. */
extern void put_xml(FILE *out, const char *text);

/* How many columns text takes in a terminal, each character counting as one. */
extern int	text_width(const char *text);

/* Writes text in lines of at most so many columns, broken at blanks where there are some. */
extern void put_wrapped(FILE *out, const char *first_indent, const char *indent, int width, const char *text);

/* Writes text, each of its lines wrapped. */
extern void put_paragraphs(FILE *out, const char *indent, int width, const char *text);

/* Cuts a string to so many columns, in place. */
extern void cut_to_width(char *string, int width);

/* Writes a word as a shell takes it, in quotes where it needs some. */
extern void put_shell_word(FILE *out, const char *word);

/* Replaces the control characters of a string, newlines too, by blanks, in place. */
extern char *make_one_line(char *string);

#endif							/* CLIENT_TEXT_H */
