/*-------------------------------------------------------------------------
 *
 * judgement_formats.h
 *	  The formats of a judgement; "result" is a Judgement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_JUDGEMENT_FORMATS_H
#define CLIENT_JUDGEMENT_FORMATS_H

#include <stdio.h>

#include "check/judgement.h"

/* For people. */
extern void put_judgement_text(FILE *out, const void *result);

/* JSON of docs/check.schema.json. */
extern void put_judgement_json(FILE *out, const void *result);

/* JUnit's XML: a test case for each kind and problem. */
extern void put_judgement_junit(FILE *out, const void *result);

/* SARIF 2.1.0. */
extern void put_judgement_sarif(FILE *out, const void *result);

/* Workflow commands of GitHub Actions, which become annotations. */
extern void put_judgement_github(FILE *out, const void *result);

#endif							/* CLIENT_JUDGEMENT_FORMATS_H */
