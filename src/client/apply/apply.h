/*-------------------------------------------------------------------------
 *
 * apply.h
 *	  clipperf apply, revert and jobs: builds indexes, undoes it, and tells
 *	  what became of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_APPLY_H
#define CLIENT_APPLY_H

/* Run the commands; return the program's status. */
extern int	run_apply(int argc, char **argv);
extern int	run_revert(int argc, char **argv);
extern int	run_jobs(int argc, char **argv);

#endif							/* CLIENT_APPLY_H */
