/*-------------------------------------------------------------------------
 *
 * foreign_table.h
 *	  Foreign tables whose server is asked when a statement is planned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FOREIGN_TABLE_H
#define CLIPPERF_FOREIGN_TABLE_H

#include "compat.h"

/* May planning a scan of this foreign table connect to its server? */
extern bool foreign_table_asks_server(Oid relid);

#endif							/* CLIPPERF_FOREIGN_TABLE_H */
