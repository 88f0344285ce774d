# Benches: measurements, never tests. Included by the Makefile.

.PHONY: bench-overhead bench-n-plus-one bench-advice bench-whatif bench-selection bench-apply bench-compare

# What clipperf costs. PAIRS measurements of SECONDS each per load, ROWS selects the loads; ONE_SERVER=1 compares
# sessions of one server: see test/bench/overhead.
bench-overhead:
	@test/bench/overhead $(if $(ONE_SERVER),--one-server) --pairs='$(PAIRS)' --seconds='$(SECONDS)' --rows='$(ROWS)'

# How often the N+1 detector is wrong under hot lookups. LOOKUPS per user, ROWS selects the tables: see
# test/bench/n-plus-one.
bench-n-plus-one:
	@test/bench/n-plus-one --lookups='$(LOOKUPS)' --rows='$(ROWS)'

# What the advisor's choice is worth, on Clipper against its index set. SCHEMA clipper or orders, SCALE of Clipper's
# data, SECONDS of load: see test/bench/advice.
bench-advice:
	@test/bench/advice --schema='$(SCHEMA)' --scale='$(SCALE)' --seconds='$(SECONDS)'

# How exact the what-if planner is, beside HypoPG. SCALE of Clipper's data: see test/bench/whatif.
bench-whatif:
	@test/bench/whatif --scale='$(SCALE)'

# How good the choice of indexes is, beside three algorithms of the literature. SCALE of Clipper's data, ROWS selects the
# workloads: see test/bench/selection.
bench-selection:
	@test/bench/selection --scale='$(SCALE)' --rows='$(ROWS)'

# What building indexes does to an application. SCALE of the data, SECONDS of load before and after, HOLD of a
# transaction meanwhile: see test/bench/apply.
bench-apply:
	@test/bench/apply --scale='$(SCALE)' --seconds='$(SECONDS)' --hold='$(HOLD)'

# How well clipperf_compare() tells a change from noise. PAIRS identical runs of SECONDS each, CHANGES pairs for each kind
# of change: see test/bench/compare.
bench-compare:
	@test/bench/compare --pairs='$(PAIRS)' --seconds='$(SECONDS)' --changes='$(CHANGES)'
