# clipperf: build, install, test, demonstrate.
#
# make, make install, make installcheck   PGXS, the standard way
# make client, make install-client        the command alone: needs libpq's development files, no server's
# make check                              builds with warnings as errors and runs every test
# make check-clients                      runs real ORMs and drivers: how well the detector does, whether counts are exact
# make check-redmine                      runs Redmine, and compares what the detector found with the statement log
# make check-examples                     runs the examples for CI, with Django, ActiveRecord and node-postgres
# make check-html                         looks at the report as a page of HTML, and at a profile in speedscope, in Chromium
# make charts                             makes the libraries of its charts again, from the packages of npm
# make check-metrics                      runs Prometheus and its exporters on the metrics, rules and dashboard
# make check-migrations                   runs migrations of Django and ActiveRecord that build indexes
# make core-regress                       runs PostgreSQL's own regression suite with clipperf preloaded
# make fuzz                               compares a server with clipperf with one without, over random statements
# make check-asserts                      runs the tests on a PostgreSQL built with assertions
# make check-sanitizers                   runs the tests and the fuzzer under AddressSanitizer and UBSan
# make check-rewrites                     compares 10,000 random loops with the statements suggested for them
# make bench-overhead                     measures what clipperf costs
# make bench-n-plus-one                   counts its false alarms and misses under hot look-ups
# make bench-whatif                       compares hypothetical indexes with real ones
# make bench-selection                    compares the choice of indexes with two algorithms of the literature
# make bench-apply                        measures what building indexes does to an application
# make bench-compare                      measures how well two periods are told from noise
# make deb                                builds Debian packages of the extension and of the command
# make check-deb                          builds them in a chroot, installs them there and finds a first finding
# make freeze                             keeps the install script of a version that is released
# make check-image                        does what packaging/Dockerfile says, in chroots
# make dist                               writes an archive of the sources, for PGXN and packagers
# make check-matrix                       runs everything on each PostgreSQL that a release of Debian has
# make demo                               loads the example application and shows the report
#
# PG_CONFIG=/path/to/pg_config chooses the PostgreSQL; CONTRIBUTING.md tells the other variables.

PG_CONFIG ?= pg_config

# These targets install what is missing by themselves, so they must work where PGXS is not there yet.
# They are scripts that come back to this Makefile through a private copy of PostgreSQL.
self_contained := check check-clients check-redmine check-migrations core-regress fuzz check-asserts check-sanitizers check-rewrites bench-overhead bench-n-plus-one bench-advice bench-whatif bench-selection bench-apply bench-compare demo deb check-deb check-image dist check-matrix check-html check-metrics check-examples

ifneq (,$(filter $(self_contained),$(MAKECMDGOALS)))

.PHONY: $(MAKECMDGOALS)
.NOTPARALLEL:

check:
	@test/run --only='$(ONLY)' --tests='$(T)'

check-clients:
	@test/clients/run --only='$(ONLY)'

check-redmine:
	@test/redmine/run $(if $(ROOT),--root='$(ROOT)')

check-migrations:
	@test/clients/migrations

core-regress:
	@test/core-regress

fuzz:
	@test/fuzz/run --seconds='$(or $(SECONDS),600)' --seed='$(SEED)' --round='$(ROUND)' --skip='$(SKIP)' \
		--sources='$(SOURCES)' $(if $(GO_ON),--go-on)

check-asserts:
	@test/asserts --cache='$(CACHE)' --sources='$(SOURCES)' --only='$(ONLY)' --tests='$(T)'

check-rewrites:
	@REWRITES='$(or $(COUNT),10000)' REWRITES_SEED='$(SEED)' test/run --only=tap --tests=test/t/093_rewrites.pl

check-sanitizers:
	@test/sanitizers --cache='$(CACHE)' --sources='$(SOURCES)' --only='$(ONLY)' --tests='$(T)' \
		--seconds='$(SECONDS)' --seed='$(SEED)' --skip='$(SKIP)'

check-examples:
	@test/examples/run

check-html:
	@test/html/run $(if $(SCREENSHOTS),--screenshots='$(SCREENSHOTS)') $(if $(PICTURE),--picture='$(PICTURE)')

check-metrics:
	@test/monitoring/run

check-matrix:
	@test/majors --full $(if $(ROOT),--root='$(ROOT)') $(or $(MAJORS),15 17 18 19)

deb:
	@packaging/deb $(if $(OUTPUT),--output='$(OUTPUT)')

check-deb:
	@test/deb $(if $(ROOT),--root='$(ROOT)') $(SUITE)

check-image:
	@test/image $(if $(ROOT),--root='$(ROOT)')

dist:
	@packaging/dist

include test/bench/bench.mk

demo:
	@examples/clipper/demo --scale='$(SCALE)' --seconds='$(SECONDS)' --keep='$(KEEP)'

$(filter-out $(self_contained),$(MAKECMDGOALS)):
	@$(MAKE) $@

else

EXTENSION := clipperf
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" clipperf.control)

# The module: every file of src/, except the libpq programs under src/client/.
MODULE_big := clipperf
# What runs for every statement is linked first and stays together: most of what it costs is memory to be fetched.
all_sources := $(filter-out src/client/%,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
hot_sources := $(filter src/profile/% src/store/%,$(all_sources))
sources := $(hot_sources) $(filter-out $(hot_sources),$(all_sources))
headers := $(filter-out src/client/%,$(wildcard src/*.h src/*/*.h src/*/*/*.h))
OBJS := $(sources:.c=.o)
PG_CPPFLAGS = -Isrc -I$(libpq_srcdir) -DCLIPPERF_VERSION='"$(EXTVERSION)"'

# WERROR=1 turns warnings into errors: for our own checks, so that no newer compiler breaks a user's build.
# Hidden visibility: none of our names can be taken for one of the server's.
# gcc warns of every variable around a PG_TRY (clobbered), right or wrong; clang of the server's headers, where these
# were configured for gcc, whose printf format it does not know by that name (attributes).
PG_CFLAGS = -fvisibility=hidden \
	-Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	$(if $(findstring clang,$(CC)),,-Wno-clobbered) \
	$(if $(findstring clang,$(CC)),-Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes) \
	$(if $(WERROR),-Werror)

# The install script: the parts of sql/ in this order.
SQL_PARTS := search_path relation_type queries request_views table_use waits cacheable info samples seq_scans plans n_plus_one recommendations wording findings slow_plans indexes what_if index_sets workload recommend apply index_findings plan_findings endpoints snapshot_waits snapshots report metrics check replication
install_script := sql/clipperf--$(EXTVERSION).sql
DATA_built := $(install_script)
# From each released version to the next one; sql/upgrades/README.md tells of releases.
DATA := $(wildcard sql/upgrades/$(EXTENSION)--*--*.sql)

# The tests. installcheck brings its own server, so that nobody has to prepare one; it needs an installed clipperf.
REGRESS := $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS := --inputdir=test --temp-instance=tmp_check_regress --temp-config=test/setup/regress.conf \
	--no-locale --encoding=UTF8
ISOLATION := $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
ISOLATION_OPTS := --inputdir=test --outputdir=. --temp-instance=tmp_check_iso \
	--temp-config=test/setup/regress.conf --no-locale --encoding=UTF8
PROVE_TESTS ?= $(sort $(wildcard test/t/*.pl))
# Seconds that a test waits for a condition, and that a session of a test may be without work, at most: what is slow does not fail.
export PG_TEST_TIMEOUT_DEFAULT ?= 900
TAP_TESTS := $(if $(PROVE_TESTS),1)

EXTRA_CLEAN := META.json tmp_check_regress results log regression.diffs regression.out

include src/client/client.mk
include examples/clipper/load/clipload.mk
include test/fuzz/fuzz.mk

# What PGXN wants to see; made, so that the version stands in clipperf.control alone.
META.json: META.json.in clipperf.control
	sed 's/@VERSION@/$(EXTVERSION)/g' META.json.in > $@

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq (,$(wildcard $(PGXS)))

include $(PGXS)

$(OBJS) $(OBJS:.o=.bc): $(headers) Makefile clipperf.control

# No procedure linkage table there: a call of the server is one jump and one line of the processor's cache less. Nor do
# the other files' calls stand between theirs in the table of addresses.
$(hot_sources:.c=.o): override CFLAGS += -fno-plt

install: install-client
uninstall: uninstall-client

$(install_script): $(SQL_PARTS:%=sql/%.sql) Makefile clipperf.control
	{ printf '%s\n' '\echo Use "CREATE EXTENSION clipperf" to load this file. \quit'; \
	  cat $(SQL_PARTS:%=sql/%.sql) </dev/null; } > $@.tmp
	mv $@.tmp $@

# Keeps the install script of a version that is released, for the test of upgrades.
.PHONY: freeze
freeze: $(install_script)
	cp $(install_script) test/releases/

else

CFLAGS ?= -O2 -g -Wall

.PHONY: all install uninstall installcheck clean
all install uninstall installcheck clean:
	@echo 'The server development files of PostgreSQL were not found ($(PG_CONFIG) --pgxs names none).' >&2
	@echo 'On Debian and Ubuntu: apt-get install postgresql-server-dev-NN; elsewhere see test/setup/packages.' >&2
	@echo 'If they are installed: make PG_CONFIG=/path/to/pg_config' >&2
	@echo 'The command clipperf needs only the development files of libpq: make client' >&2
	@exit 1

endif
endif
