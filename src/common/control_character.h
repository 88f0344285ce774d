/*-------------------------------------------------------------------------
 *
 * control_character.h
 *	  Characters that do something to a terminal or to the text around them.
 *
 * For the server and for the command, so that both replace the same ones; it
 * includes nothing of either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef COMMON_CONTROL_CHARACTER_H
#define COMMON_CONTROL_CHARACTER_H

/*
 * Bytes of the control character of UTF-8 that a string begins with, 0 if it
 * begins with another one: of U+0000 to U+001F, U+007F to U+009F, separators of
 * lines and paragraphs, and what changes the direction of writing.
 */
static inline int
control_character_length(const char *string)
{
	const unsigned char *byte = (const unsigned char *) string;

	if (byte[0] < ' ' || byte[0] == 0x7f)
		return 1;
	if ((byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f) ||	/* C1 */
		(byte[0] == 0xd8 && byte[1] == 0x9c))	/* U+061C */
		return 2;
	if ((byte[0] == 0xe2 && byte[1] == 0x80 &&
		 (byte[2] == 0x8e || byte[2] == 0x8f || /* U+200E, U+200F */
		  (byte[2] >= 0xa8 && byte[2] <= 0xae))) || /* U+2028 to U+202E */
		(byte[0] == 0xe2 && byte[1] == 0x81 &&
		 byte[2] >= 0xa6 && byte[2] <= 0xa9))	/* U+2066 to U+2069 */
		return 3;
	return 0;
}

#endif							/* COMMON_CONTROL_CHARACTER_H */
