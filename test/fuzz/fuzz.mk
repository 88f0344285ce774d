# How the fuzzer is built: a program of plain libpq, made when it is asked for.  To be included before PGXS's rules.

FUZZ = test/fuzz/fuzz
FUZZ_OBJS = $(addprefix test/fuzz/, \
	compare.o gen_cast.o gen_ddl.o gen_portal.o gen_protocol.o gen_query.o gen_script.o gen_smith.o generate.o main.o \
	reduce.o session.o step.o text.o value.o wire.o)

$(FUZZ): $(FUZZ_OBJS)
	$(CC) $(CFLAGS) $(FUZZ_OBJS) $(LDFLAGS) $(libpq) -o $@

$(FUZZ_OBJS): $(wildcard test/fuzz/*.h)

EXTRA_CLEAN += $(FUZZ) $(FUZZ_OBJS)
