# Short names for what one does with lobflow. All real work is CMake's; see docs/HACKING.md.
BUILD ?= build/release
DEMO ?= demo
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
VENV := .venv/bin/python
PROGRAM := $(BUILD)/bin/lobflow

.PHONY: help demo test check build setup setup-test fmt bench bench-peers asan tsan coverage fuzz \
        study-null study-scorer study-estimators study-memory results install clean docs site wheel

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

demo: build ## the whole line on five synthetic days, or on DATA=path
	@tools/demo.sh "$(PROGRAM)" "$(DEMO)" "$(DATA)"

test: setup-test check build ## check, then all tests
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

check: setup-test ## format, layers, docs, style, headers
	clang-format-14 --dry-run --Werror $$(git ls-files -co --exclude-standard '*.c' '*.h' '*.cpp')
	python3 tools/check_layers.py
	python3 tools/check_docs.py
	python3 tools/check_style.py
	tools/check_headers.sh

build: setup ## build the library, the program and the tests
	@cmake --preset release -B $(BUILD) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

setup: ## install what is missing
	@tools/setup.sh

setup-test:
	@tools/setup.sh --test

fmt: ## format all C and C++ sources
	clang-format-14 -i $$(git ls-files -co --exclude-standard '*.c' '*.h' '*.cpp')

bench: build ## speed of every stage, beside memcpy
	$(PROGRAM) bench $(if $(DATA),--data $(DATA))

bench-peers: build ## the same work by numba, polars, pyarrow, pandas and hftbacktest
	@tools/setup.sh --bench
	$(VENV) bench/peers/features.py $(DATA) --program $(PROGRAM)
	$(VENV) bench/peers/end_to_end.py $(DATA) --program $(PROGRAM)
	$(if $(DATA),$(VENV) bench/peers/feeds.py $(DATA) --program $(PROGRAM))

notebooks: build ## run the notebooks and keep their outputs; CHECK=1: leave the files as they are
	@tools/setup.sh --notebooks
	$(VENV) tools/notebooks.py $(if $(CHECK),--check)

asan: setup-test ## all tests under AddressSanitizer and UBSan
	@cmake --preset asan >/dev/null
	@cmake --build build/asan -j $(JOBS)
	ctest --test-dir build/asan --output-on-failure -j $(JOBS) -LE slow

tsan: setup-test ## all tests under ThreadSanitizer
	@cmake --preset tsan >/dev/null
	@cmake --build build/tsan -j $(JOBS)
	ctest --test-dir build/tsan --output-on-failure -j $(JOBS) -LE slow

coverage: setup-test ## line coverage of the tests
	@cmake --preset coverage >/dev/null
	@cmake --build build/coverage -j $(JOBS)
	ctest --test-dir build/coverage -j $(JOBS) -LE slow
	tools/coverage.sh build/coverage

fuzz: setup-test ## each fuzz target for FUZZ_SECONDS (default 60), FUZZ_SEED=N: repeatable
	@cmake --preset fuzz >/dev/null
	@cmake --build build/fuzz -j $(JOBS)
	tools/fuzz.sh build/fuzz $(or $(FUZZ_SECONDS),60) $(FUZZ_SEED)

study-null: build ## nothing is found where nothing is: the whole study
	$(VENV) tools/study_null.py --program $(PROGRAM)

study-estimators: build ## the estimators give back the parameters that made the data
	$(BUILD)/bin/study_recover_test $(or $(ROUNDS),2000)

study-memory: build ## memory and time of training as days are added, DATA=paths: real days beside
	$(VENV) tools/study_memory.py --program $(PROGRAM) --days $(or $(DAYS),20,40,60) $(if $(DATA),--data $(DATA))

study-scorer: build ## the scorer gives LightGBM's bits: a million rows for each of many models
	$(VENV) tools/study_scorer.py --library $(BUILD)/lib/liblobflow.so

results: build ## docs/results.md from the days in ../shared/data; goes on where it was
	$(VENV) tools/results.py --program $(PROGRAM)

docs: build ## regenerate the pages that are made from tables
	$(PROGRAM) features --list --markdown > docs/features.md
	python3 tools/make_errors.py > docs/errors.md
	python3 tools/make_fees.py

site: build ## the docs site in build/site; warnings and broken links are errors
	@tools/setup.sh --site
	@mkdir -p build/site_src
	LOBFLOW_PROGRAM=$(PROGRAM) NO_MKDOCS_2_WARNING=1 $(VENV) -m mkdocs build --strict --quiet
	@echo "build/site/index.html, or: python3 -m http.server -d build/site"

wheel: setup ## a wheel without needs, in build/dist: pip, auditwheel, tried in a fresh environment
	@tools/setup.sh --wheel
	$(VENV) tools/wheel.py

install: build ## install under PREFIX (default /usr/local)
	cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

clean: ## remove what was built
	rm -rf build $(DEMO)
