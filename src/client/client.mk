# How the command clipperf is built: a program of plain libpq.  To be included before PGXS, and without it for the
# command alone, where PGXS's variables are not there.

CLIENT = src/client/clipperf
CLIENT_OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/client/*.c src/client/*/*.c)))

CLIENT_MAN = src/client/clipperf.1

all: client
client: $(CLIENT) $(CLIENT_MAN)
.PHONY: client install-client uninstall-client

$(CLIENT_OBJS): override CPPFLAGS := -Isrc/client -Isrc -I$(shell $(PG_CONFIG) --includedir) -D_GNU_SOURCE \
	-DCLIPPERF_VERSION='"$(EXTVERSION)"' $(CPPFLAGS)
$(CLIENT_OBJS): $(wildcard src/client/*.h src/client/*/*.h) src/common/control_character.h src/client/client.mk clipperf.control

# The page of the report in HTML, as a string of C: the template, with its styles, its program, and the libraries that draw
# its charts, in their places.  CHARTS=no leaves these out: the page shows tables then.
report_page = src/client/report/page
report_program = $(patsubst %,$(report_page)/%.js,dom table findings routes work times page)
CHARTS ?= yes
report_charts = $(if $(filter-out no,$(CHARTS)),$(report_page)/charts/charts.min)

$(report_page)/page.inc: $(report_page)/page.html $(report_page)/page.css $(report_program) \
		$(addprefix $(report_charts),$(if $(report_charts),.css .js))
	sed -e '/@STYLE@/{' -e 'r $(report_page)/page.css' -e 'd' -e '}' \
		-e '/@CHARTS_STYLE@/{' $(if $(report_charts),-e 'r $(report_charts).css') -e 'd' -e '}' \
		-e '/@CHARTS@/{' $(if $(report_charts),-e 'r $(report_charts).js') -e 'd' -e '}' \
		-e '/@SCRIPT@/{' $(foreach file,$(report_program),-e 'r $(file)') -e 'd' -e '}' \
		$(report_page)/page.html | sed -e 's/[\\"]/\\&/g' -e 's/??/?\\?/g' -e 's/.*/"&\\n"/' > $@.tmp
	mv $@.tmp $@

# Makes the files of these libraries again, from the packages of npm: only after one of their versions was changed.
charts:
	$(report_page)/charts/bundle
.PHONY: charts

src/client/report/report_html.o: $(report_page)/page.inc

# ncurses, by which "clipperf top" shows things live: where it is missing, or WITHOUT_CURSES=1 says so, the command is
# built without.  Found out once, where it is needed.
CURSES_LIBS = -lncursesw
has_curses = $(eval has_curses := $(if $(WITHOUT_CURSES),,$(shell \
	printf '\043include <curses.h>\nint main(void) { return set_escdelay(1); }\n' | \
	$(CC) -D_GNU_SOURCE -x c - $(CURSES_LIBS) -o /dev/null 2>/dev/null && echo yes)))$(has_curses)
src/client/top/terminal.o: override CPPFLAGS += $(if $(has_curses),-DHAVE_CURSES)

$(CLIENT): $(CLIENT_OBJS)
	$(CC) $(CFLAGS) $(CLIENT_OBJS) $(LDFLAGS) $(or $(libpq),-L$(shell $(PG_CONFIG) --libdir) -lpq) \
		$(if $(has_curses),$(CURSES_LIBS)) -o $@

# The manual page, of the page of the manual: the date is that of the text, or of the packager.
$(CLIENT_MAN): docs/command.md src/client/man.awk clipperf.control
	awk -v version='$(EXTVERSION)' \
		-v date="$$(date -u $(if $(SOURCE_DATE_EPOCH),-d @$(SOURCE_DATE_EPOCH),-r docs/command.md) +%Y-%m-%d)" \
		-f src/client/man.awk docs/command.md > $@.tmp
	mv $@.tmp $@

client_bindir = $(DESTDIR)$(or $(bindir),$(shell $(PG_CONFIG) --bindir))
client_mandir = $(DESTDIR)$(or $(mandir),$(shell $(PG_CONFIG) --mandir))/man1

install-client: client
	mkdir -p '$(client_bindir)'
	install -m 755 $(CLIENT) '$(client_bindir)/clipperf'
	mkdir -p '$(client_mandir)'
	install -m 644 $(CLIENT_MAN) '$(client_mandir)/clipperf.1'

uninstall-client:
	rm -f '$(client_bindir)/clipperf' '$(client_mandir)/clipperf.1'

EXTRA_CLEAN += $(CLIENT) $(CLIENT_MAN) $(CLIENT_OBJS) $(report_page)/page.inc
