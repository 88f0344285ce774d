/*-------------------------------------------------------------------------
 *
 * password.c
 *	  Asks for a password, as PostgreSQL's simple_prompt() does, which libpq does not export.
 *
 *-------------------------------------------------------------------------
 */
#include "password.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "interrupt.h"
#include "memory.h"

/*
 * Asks for a password on the terminal, without an echo; on standard input and standard error where there is none.
 */
char *
ask_password(void)
{
	FILE	   *in = fopen("/dev/tty", "r");
	FILE	   *out = fopen("/dev/tty", "w");
	struct termios before;
	struct termios quiet;
	bool		has_terminal;
	char		password[1024];

	if (in == NULL || out == NULL)
	{
		in = stdin;
		out = stderr;
	}

	has_terminal = tcgetattr(fileno(in), &before) == 0;
	if (has_terminal)
	{
		set_terminal_to_restore(fileno(in), &before);
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t) ECHO;
		tcsetattr(fileno(in), TCSAFLUSH, &quiet);
	}
	fputs("Password: ", out);
	fflush(out);

	if (fgets(password, sizeof(password), in) == NULL)
		password[0] = '\0';

	if (has_terminal)
	{
		tcsetattr(fileno(in), TCSAFLUSH, &before);
		set_terminal_to_restore(-1, NULL);
		fputs("\n", out);
		fflush(out);
	}
	password[strcspn(password, "\r\n")] = '\0';
	if (in != stdin)
	{
		fclose(in);
		fclose(out);
	}
	return copy_string(password);
}
