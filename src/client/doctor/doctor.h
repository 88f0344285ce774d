/*-------------------------------------------------------------------------
 *
 * doctor.h
 *	  clipperf doctor: does clipperf work as it should on a server?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_DOCTOR_H
#define CLIENT_DOCTOR_H

#include <stdio.h>

#include "connection.h"

/* How well one thing is. */
typedef enum Health
{
	HEALTH_OK,
	HEALTH_NOTE,				/* could be better */
	HEALTH_PROBLEM				/* something is missing from what clipperf
								 * says, or will be */
} Health;

/* One thing that was looked at. */
typedef struct Diagnosis
{
	const char *name;
	Health		health;
	char	   *finding;		/* what was seen */
	char	   *advice;			/* what to do; NULL where all is well */
} Diagnosis;

/* All that was looked at. */
typedef struct Examination
{
	const Session *session;
	Diagnosis  *diagnoses;
	int			count;
	int			problems;
	int			notes;
} Examination;

/* Runs the command; returns the program's status. */
extern int	run_doctor(int argc, char **argv);

/* Looks at everything. */
extern Examination *examine(Session *session);

/* The names of the states of health, as they are shown. */
extern const char *health_name(Health health);

#endif							/* CLIENT_DOCTOR_H */
