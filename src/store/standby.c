/*-------------------------------------------------------------------------
 *
 * standby.c
 *	  Whether other servers follow this one, or did.
 *
 * Known are standbys that are connected; that have a physical replication slot,
 * which waits for them; or that synchronous_standby_names counts on.  When one was
 * last known is kept in the header of the store: looked up whenever someone asks
 * and when the store is saved, and by the process that serves a standby when it
 * ends.  A standby that reads an archive of WAL leaves no trace here.
 *
 * A base backup and an archiving client connect like a standby, but they never
 * report how far they have replayed.
 *
 *-------------------------------------------------------------------------
 */
#include "store/standby.h"

#include "replication/slot.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"

#include "store/store.h"

static ClientAuthentication_hook_type prev_authentication = NULL;

/* Remember that a standby is there now. */
static void
note_standby(void)
{
	pg_atomic_write_u64(&store_header->standby_seen, GetCurrentTimestamp());
}

/* What a process that sends WAL knows of its client. */
typedef struct Follower
{
	pid_t		pid;			/* 0 = none */
	XLogRecPtr	replayed;		/* invalid = it never said */
} Follower;

/* Copy what is known, under the sender's spinlock. */
static Follower
read_follower(WalSnd *sender)
{
	Follower	follower;

	SpinLockAcquire(&sender->mutex);
	follower.pid = sender->pid;
	follower.replayed = sender->apply;
	SpinLockRelease(&sender->mutex);
	return follower;
}

/* Is a standby connected?  A subscriber is served by a process with a database. */
static bool
is_connected(void)
{
	for (int i = 0; i < max_wal_senders; i++)
	{
		Follower	follower = read_follower(&WalSndCtl->walsnds[i]);
		PGPROC	   *proc;

		if (follower.pid == 0 || XLogRecPtrIsInvalid(follower.replayed))
			continue;
		proc = BackendPidGetProc(follower.pid);
		if (proc != NULL && !OidIsValid(proc->databaseId))
			return true;
	}
	return false;
}

/* Is there a replication slot for a standby?  Takes the lock of the slots. */
static bool
has_slot(void)
{
	bool		found = false;

	if (max_replication_slots == 0)
		return false;
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && !found; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];

		found = slot->in_use && SlotIsPhysical(slot) &&
			slot->data.persistency == RS_PERSISTENT;
	}
	LWLockRelease(ReplicationSlotControlLock);
	return found;
}

/*
 * Does a standby follow, or may one come back?  If so, that is remembered. Takes
 * locks of the server's; not for hot paths.
 */
bool
standby_follows(void)
{
	bool		follows = is_connected() || has_slot() ||
		(SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0');

	if (follows)
		note_standby();
	return follows;
}

/* When one did last, as far as is remembered; 0 = never. */
TimestampTz
standby_last_seen(void)
{
	return pg_atomic_read_u64(&store_header->standby_seen);
}

/* Callback at the end of a process that sends WAL. */
static void
sender_ends(int code, Datum arg)
{
	if (MyWalSnd != NULL &&
		!XLogRecPtrIsInvalid(read_follower(MyWalSnd).replayed))
		note_standby();
}

/* ClientAuthentication_hook */
static void
client_connects(struct Port *port, int status)
{
	if (prev_authentication)
		prev_authentication(port, status);
	if (am_walsender && !am_db_walsender)
		before_shmem_exit(sender_ends, (Datum) 0);
}

/* From _PG_init: standbys are remembered when they go. */
void
standby_init(void)
{
	prev_authentication = ClientAuthentication_hook;
	ClientAuthentication_hook = client_connects;
}
