# Every target works alone, on a machine that has Python >= 3.11, make and a C++ compiler.
.PHONY: demo test browser simulation schema fuzz check bench serve clean lock

READY := .venv/.ready
BENCH_READY := .venv/.bench-ready
BROWSER_READY := .venv/.browser-ready
SCHEMA_READY := .venv/.schema-ready
SECONDS := 600
NOTICES := 200
FILES := 20000
RUN := .venv/bin
# Tests make thousands of small databases, each commit of which waits for the disk: in memory where a gigabyte is free.
MEMORY := $(shell [ "$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }')" -gt 1000000 ] 2>/dev/null && echo /dev/shm)

demo: $(READY)           ## the whole job on this machine, from bytes to proof
	$(RUN)/takeback demo

# Python keeps what it compiled, whatever the environment says: else each process that a test starts compiles it all again.
test: $(READY)           ## the default suite: no network, no server, no GPU
	PYTHONDONTWRITEBYTECODE= $(if $(MEMORY),PYTEST_DEBUG_TEMPROOT=$(MEMORY)) $(RUN)/python -m pytest -n auto --dist worksteal

browser: $(BROWSER_READY) ## the pages in a real browser; needs Chromium (Debian: apt-get install chromium)
	$(RUN)/python -m pytest -n auto -m browser -o addopts='-q --strict-markers --strict-config --import-mode=importlib' tests/browser

simulation: $(BROWSER_READY) ## three days of the desk on a simulated clock; a quarter of an hour, Chromium
	TAKEBACK_SIMULATION=$(NOTICES) $(RUN)/python -m pytest -s -m browser -o addopts='-q --strict-markers --strict-config --import-mode=importlib' tests/browser/simulation

schema: $(SCHEMA_READY)  ## the HTTP interfaces against their own descriptions, for SECONDS=600
	$(RUN)/python -m tests.acceptance.against_schema $(SECONDS)

fuzz: $(READY)           ## broken files of every format through examine and compare; FILES=20000 take about an hour
	$(RUN)/python -m tests.acceptance.fuzzed $(FILES)

check: $(READY)          ## lint, types, direction of imports
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache

bench: $(BENCH_READY)    ## figures into benchmarks/results, with machine and commit; then docs/benchmarks.md
	$(RUN)/python -m benchmarks
	$(RUN)/python -m benchmarks.pages
	$(RUN)/python -m benchmarks.plots

serve: $(READY)          ## the service on 127.0.0.1:8470, data in ./data
	$(RUN)/takeback serve --data data

lock: $(READY)           ## resolve requirements/*.txt anew
	tools/lock

clean:
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): tools/bootstrap pyproject.toml requirements/dev.txt $(shell find native -type f)
	tools/bootstrap
	touch $@

$(BROWSER_READY): $(READY) requirements/browser.txt
	tools/bootstrap browser
	touch $@

$(SCHEMA_READY): $(READY) requirements/schema.txt
	tools/bootstrap schema
	touch $@

$(BENCH_READY): $(READY) requirements/bench.txt
	tools/bootstrap bench
	touch $@
