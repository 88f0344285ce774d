/*-------------------------------------------------------------------------
 *
 * pool.c
 *	  A fixed pool of connections shared by many threads.
 *
 * The pool's lock is held for a few assignments only, never while a statement
 * runs.  A connection given back goes straight to the longest waiting thread.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clipload.h"

/*
 * Open one connection, or end the program with libpq's message.
 */
static void
conn_open(Conn *conn, const char *conninfo, int number)
{
	conn->number = number;
	conn->pg = PQconnectdb(conninfo);
	if (PQstatus(conn->pg) != CONNECTION_OK)
		die("%s", PQerrorMessage(conn->pg));
}

/*
 * Open a pool of so many connections, all idle.
 */
Pool *
pool_open(const char *conninfo, int size)
{
	Pool	   *pool = must_alloc(sizeof(Pool));

	pool->size = size;
	pool->conns = must_alloc(size * sizeof(Conn));
	pthread_mutex_init(&pool->lock, NULL);
	for (int i = size - 1; i >= 0; i--)
	{
		conn_open(&pool->conns[i], conninfo, i);
		pool->conns[i].next_idle = pool->idle;
		pool->idle = &pool->conns[i];
	}
	return pool;
}

/*
 * Close all connections; no thread may use the pool any more.
 */
void
pool_close(Pool *pool)
{
	for (int i = 0; i < pool->size; i++)
	{
		PQfinish(pool->conns[i].pg);
		free(pool->conns[i].texts);
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool->conns);
	free(pool);
}

/*
 * Wait in line for a connection.  The caller holds the pool's lock.
 */
static Conn *
pool_wait(Pool *pool)
{
	Waiter		self;

	pthread_cond_init(&self.ready, NULL);
	self.conn = NULL;
	self.next = NULL;
	if (pool->last_waiter != NULL)
		pool->last_waiter->next = &self;
	else
		pool->first_waiter = &self;
	pool->last_waiter = &self;
	while (self.conn == NULL)
		pthread_cond_wait(&self.ready, &pool->lock);
	pthread_cond_destroy(&self.ready);
	return self.conn;
}

/*
 * Take a connection, waiting for one if none is idle.
 */
Conn *
pool_take(Pool *pool)
{
	Conn	   *conn;

	pthread_mutex_lock(&pool->lock);
	conn = pool->idle;
	if (conn != NULL)
		pool->idle = conn->next_idle;
	else
		conn = pool_wait(pool);
	pthread_mutex_unlock(&pool->lock);
	return conn;
}

/*
 * Give a connection back.
 */
void
pool_give(Pool *pool, Conn *conn)
{
	Waiter	   *waiter;

	pthread_mutex_lock(&pool->lock);
	waiter = pool->first_waiter;
	if (waiter != NULL)
	{
		pool->first_waiter = waiter->next;
		if (pool->first_waiter == NULL)
			pool->last_waiter = NULL;
		waiter->conn = conn;
		pthread_cond_signal(&waiter->ready);
	}
	else
	{
		conn->next_idle = pool->idle;
		pool->idle = conn;
	}
	pthread_mutex_unlock(&pool->lock);
}
