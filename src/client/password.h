/*-------------------------------------------------------------------------
 *
 * password.h
 *	  Asks for a password.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_PASSWORD_H
#define CLIENT_PASSWORD_H

/* Asks on the terminal, without an echo, or on standard input where there is no terminal. */
extern char *ask_password(void);

#endif							/* CLIENT_PASSWORD_H */
