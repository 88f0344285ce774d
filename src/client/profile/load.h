/*-------------------------------------------------------------------------
 *
 * load.h
 *	  Runs the user's own load, whose output is shown and kept.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H

#include <stdbool.h>

/* How a load ended. */
typedef enum LoadEnding
{
	LOAD_DONE,					/* with status 0 */
	LOAD_FAILED,				/* with another status, or by a signal */
	LOAD_INTERRUPTED			/* as the user wanted the program to end */
} LoadEnding;

typedef struct LoadEnd
{
	LoadEnding	ending;
	int			status;			/* exit status, or minus the signal */
	bool		warmed_up;		/* did it last for the warm-up? */
	int			seconds;		/* that it lasted */
} LoadEnd;

/* Who is told of a load that runs. */
typedef struct LoadListener
{
	int			warmup_seconds;
	void		(*warm) (void *arg);	/* the warm-up is over */
	void		(*progress) (void *arg, int seconds);	/* now and then after it */
	void	   *arg;
} LoadListener;

/* Ends the program where a command does not exist. */
extern void require_command(const char *command);

/* Runs a load, and keeps its output in a file; ends the program where it cannot be started. */
extern LoadEnd run_load(char *const *command, const char *output_path, const LoadListener *listener);

#endif							/* CLIENT_LOAD_H */
