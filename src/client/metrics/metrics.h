/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  clipperf metrics: what was counted, for monitoring systems.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_METRICS_H
#define CLIENT_METRICS_H

/* Runs the command; returns the program's status. */
extern int	run_metrics(int argc, char **argv);

#endif							/* CLIENT_METRICS_H */
