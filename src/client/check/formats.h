/*-------------------------------------------------------------------------
 *
 * formats.h
 *	  The formats of a judgement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_FORMATS_H
#define CLIENT_FORMATS_H

#include <stdio.h>

#include "check/judgement.h"

/* Writes a judgement in a format. */
typedef void (*JudgementFormat) (FILE *out, const Judgement *judgement);

/* For people. */
extern void put_judgement_text(FILE *out, const Judgement *judgement);

/* JSON of docs/check.schema.json. */
extern void put_judgement_json(FILE *out, const Judgement *judgement);

/* JUnit's XML: a test case for each kind and problem. */
extern void put_judgement_junit(FILE *out, const Judgement *judgement);

/* SARIF 2.1.0. */
extern void put_judgement_sarif(FILE *out, const Judgement *judgement);

/* Workflow commands of GitHub Actions, which become annotations. */
extern void put_judgement_github(FILE *out, const Judgement *judgement);

#endif							/* CLIENT_FORMATS_H */
