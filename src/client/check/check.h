/*-------------------------------------------------------------------------
 *
 * check.h
 *	  clipperf check: fails if there are findings, for CI.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

/* Runs the command; returns the program's status. */
extern int	run_check(int argc, char **argv);

#endif							/* CLIENT_CHECK_H */
