# How clipload is built: a program of plain libpq.  To be included before PGXS.

CLIPLOAD = examples/clipper/load/clipload
CLIPLOAD_OBJS = $(addprefix examples/clipper/load/, \
	clipload.o hot.o loop.o loop_async.o loop_bind.o loop_options.o pool.o \
	random.o replay.o replay_feed.o replay_pages.o replay_session.o \
	statement.o stats.o util.o)

all: $(CLIPLOAD)

$(CLIPLOAD): $(CLIPLOAD_OBJS)
	$(CC) $(CFLAGS) $(CLIPLOAD_OBJS) $(LDFLAGS) $(libpq) -lm -pthread -o $@

$(CLIPLOAD_OBJS): $(wildcard examples/clipper/load/*.h)

EXTRA_CLEAN += $(CLIPLOAD) $(CLIPLOAD_OBJS)
