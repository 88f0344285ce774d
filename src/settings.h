/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  Every setting of clipperf.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SETTINGS_H
#define CLIPPERF_SETTINGS_H

#include "compat.h"
#include "hotpath.h"

/* clipperf.track */
typedef enum TrackLevel
{
	TRACK_NONE,					/* no statement */
	TRACK_TOP,					/* statements sent by clients */
	TRACK_ALL					/* and those inside functions */
} TrackLevel;

/* clipperf.capture_parameters */
typedef enum CaptureLevel
{
	CAPTURE_OFF,				/* no samples */
	CAPTURE_TYPES,				/* samples without values */
	CAPTURE_ON					/* with values */
} CaptureLevel;

/* Are statements of this session captured, by clipperf.enabled and clipperf.track? */
typedef enum Captures
{
	CAPTURES_UNKNOWN,			/* one of these has changed: see watched.h */
	CAPTURES_NO,
	CAPTURES_YES
} Captures;

extern bool setting_enabled;
extern bool setting_unseen;		/* see settings_set_unseen() */
HOTPATH_EXTERN int setting_track;
HOTPATH_EXTERN Captures setting_captures;
extern char *setting_tables;
HOTPATH_EXTERN uint32 setting_tables_version;	/* changes with setting_tables */
extern int	setting_max_statements;
extern int	setting_text_memory_kb;
HOTPATH_EXTERN int setting_cache_statements;
HOTPATH_EXTERN bool setting_lineage;
extern int	setting_nplusone_min_children;
HOTPATH_EXTERN int setting_nplusone_window_ms;
HOTPATH_EXTERN int setting_request_idle_ms;
HOTPATH_EXTERN int setting_seqscan_min_rows;
HOTPATH_EXTERN int setting_plan_interval;
HOTPATH_EXTERN int setting_capture_parameters;
extern char *setting_private_columns;
HOTPATH_EXTERN uint32 setting_private_columns_version;	/* changes with it */
HOTPATH_EXTERN char *setting_route;
HOTPATH_EXTERN char *setting_trace;
extern uint32 setting_trace_version;	/* changes with setting_trace */
extern void (*setting_route_told) (const char *name);	/* who sets it hears of
														 * what becomes of it */
extern int	setting_save_interval_s;
extern int	setting_snapshot_interval_s;
extern int	setting_sample_interval_ms; /* 0 = no samples */
extern int	setting_snapshot_keep;
extern bool setting_save_samples;

extern int	setting_max_build_workers;
extern bool setting_auto_revert;
extern int	setting_verify_calls;
extern int	setting_verify_time_s;
extern int	setting_give_way_after_ms;
extern int	setting_long_transaction_ms;

extern void settings_define(void);
extern bool settings_table_is_watched(Oid relid);

/* Does clipperf.private_columns name any column, or this one? */
extern bool settings_private_columns(void);
extern bool settings_column_is_private(const char *schema, const char *table,
									   const char *column);

/* Observe no statement meanwhile, without changing the setting. */
extern bool settings_set_unseen(bool unseen);

/* Observe no statement of this session up to the end of the GUC nest level. */
extern void settings_pause(void);

#endif							/* CLIPPERF_SETTINGS_H */
