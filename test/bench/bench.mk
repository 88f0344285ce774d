# Benches: measurements, never tests. Included by the Makefile.

.PHONY: bench-overhead

# What clipperf costs. PAIRS measurements of SECONDS each per load, ROWS selects the loads: see test/bench/overhead.
bench-overhead:
	@test/bench/overhead --pairs='$(PAIRS)' --seconds='$(SECONDS)' --rows='$(ROWS)'
