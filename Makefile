# The front door. Every target installs what it needs first (tools/packages.txt), builds what it needs, and can be the
# first thing that is typed in a fresh clone.

.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
SECONDS_PER_TARGET ?= 60
RUNS ?= 5
LINES ?= 5000000
PREFIX ?= /usr/local
ARGS ?=
ROOMS ?=

# $(call build,PRESET,TARGETS): configures where that was not done yet, then builds.
build = @[ -e build/$(1)/build.ninja ] || cmake --preset $(1) -Wno-dev >/dev/null && cmake --build --preset $(1) -j $(JOBS) $(if $(2),--target $(2))

.PHONY: help
help: ## This list
	@echo "make TARGET, the first time with what it installs by itself:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: ARGS='…' for run, dashboard, bench-peers-kafka and bench-peers-spark, JOBS=$(JOBS), SECONDS_PER_TARGET=$(SECONDS_PER_TARGET) for fuzz, RUNS=$(RUNS) for all bench-peers, LINES=$(LINES) for bench-peers, PREFIX=$(PREFIX)"

.PHONY: run
run: build ## Generate transactions, detect fraud, report: the whole of file mode (ARGS="--count 1000000")
	@build/release/bin/bank run $(ARGS)

.PHONY: build
build: ## The release program, build/release/bin/bank
	@tools/setup run
	@[ -x build/release/bin/bank ] || echo "Building bank for the first time, on $(JOBS) cores: one to two minutes on two."
	$(call build,release,bank)

.PHONY: test
test: ## Unit, golden, property and system tests
	@tools/setup run test
	@[ -e build/dev/build.ninja ] || echo "Building bank and its tests for the first time: three to four minutes on two cores."
	$(call build,dev)
	@ctest --preset dev -j $(JOBS)

.PHONY: test-kafka
test-kafka: ## The system tests that need a Kafka broker; each starts its own
	@tools/setup run test kafka
	$(call build,dev)
	@tools/kafka fetch >/dev/null
	@ctest --preset kafka

.PHONY: run-kafka
run-kafka: kafka-up ## The whole pipeline through Kafka: brings the broker up, then bank run --mode kafka (ARGS=…)
	@build/release/bin/bank run --mode kafka --bootstrap-server 127.0.0.1:$${BROKER_PORT:-9092} $(ARGS)

.PHONY: kafka-up
kafka-up: build ## A Kafka broker on 127.0.0.1:9092, with bank's topics; BROKER_PORT=… for another port
	@tools/setup kafka
	@BANK=build/release/bin/bank tools/kafka up

.PHONY: kafka-down
kafka-down: ## Stops the broker; its data stays
	@tools/kafka down

.PHONY: kafka-status
kafka-status: ## Whether the broker runs, where, and its topics
	@tools/kafka status || true

.PHONY: spark
spark: ## Spark mode's job, build/spark/target/bank-spark.jar, and the Spark that it runs on
	@tools/setup run spark
	@JOBS=$(JOBS) tools/spark build

.PHONY: test-spark
test-spark: spark ## The unit tests of Spark mode's job, and its system tests; each starts what it needs
	@tools/setup run test kafka spark
	$(call build,dev)
	@tools/kafka fetch >/dev/null
	@tools/spark test
	@ctest --preset spark

.PHONY: run-spark
run-spark: build spark kafka-up cluster-up ## The whole pipeline through Kafka and a Spark cluster, which stay up (ARGS=…)
	@build/release/bin/bank run --mode spark --bootstrap-server 127.0.0.1:$${BROKER_PORT:-9092} --master spark://127.0.0.1:$${CLUSTER_PORT:-7077} $(ARGS)

.PHONY: cluster-up
cluster-up: ## A Spark cluster on 127.0.0.1:7077, a master and two workers; CLUSTER_PORT=… for another port
	@tools/setup spark
	@tools/spark up

.PHONY: cluster-down
cluster-down: ## Stops the Spark cluster
	@tools/spark down

.PHONY: cluster-status
cluster-status: ## Whether the Spark cluster runs, where, its workers and applications
	@tools/spark status || true

.PHONY: lint
lint: ## Formatting, the layers, the tree's tidiness
	@tools/setup run test lint
	@tools/check_tree
	@tools/check_layers
	@shellcheck tools/setup tools/lint_cpp tools/fuzz .ci/run
	@git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format-19 --dry-run -Werror

.PHONY: tidy
tidy: ## clang-tidy over every source file (a quarter of an hour on two cores)
	@tools/setup run test lint
	$(call build,dev,bank_version)
	@JOBS=$(JOBS) tools/lint_cpp build/dev

.PHONY: format
format: ## Formats every C++ file in place
	@tools/setup lint
	@git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format-19 -i

.PHONY: asan
asan: ## The tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/setup run test
	$(call build,asan)
	@ctest --preset asan -j $(JOBS)

.PHONY: tsan
tsan: ## The tests under ThreadSanitizer (ROOMS="pipeline kafka": only the unit tests of these)
	@tools/setup run test
	$(call build,tsan,$(ROOMS:%=%_test))
	@ctest --preset tsan -j $(JOBS) $(if $(ROOMS),-R "^($$(echo $(ROOMS) | tr ' ' '|'))$$")

.PHONY: fuzz
fuzz: ## Every fuzz target for SECONDS_PER_TARGET seconds
	@tools/setup run fuzz
	$(call build,fuzz,fuzzers)
	@tools/fuzz build/fuzz $(SECONDS_PER_TARGET)

.PHONY: bench
bench: ## The micro benchmarks
	@tools/setup run bench
	$(call build,bench)
	@for program in build/bench/bin/*_bench; do $$program || exit 1; done

.PHONY: bench-peers
bench-peers: build ## The same work in DuckDB, Polars and Python, on LINES transactions
	@tools/setup run peers
	@python3 bench/peers/file/bench.py --bank build/release/bin/bank --lines $(LINES) --runs $(RUNS)

.PHONY: bench-load
bench-load: build ## What the dashboard takes: decisions over HTTP, events in while browsers listen (ARGS="--seconds 5 --only singles")
	@tools/setup run load
	@python3 bench/load/dashboard.py --bank build/release/bin/bank $(ARGS)

.PHONY: bench-peers-kafka
bench-peers-kafka: build ## bank detect --kafka beside Flink, Kafka Streams, Python and a raw consumer; latency (ARGS="--soak 10")
	@tools/setup run kafka peers-kafka
	@python3 bench/peers/kafka/bench.py --bank build/release/bin/bank --runs $(RUNS) $(ARGS)

# Node and npm may come from elsewhere than the distribution: packages are looked at where there are none.
NODE = command -v node >/dev/null && command -v npm >/dev/null || tools/setup web
NODE_18 = node -e 'if (parseInt(process.versions.node) < 18) { console.error("The page is built and tested with Node 18 or newer; this is " + process.version); process.exit(1) }'

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@$(NODE)
	@$(NODE_18)
	@cd web && npm ci --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public -type f) web/index.html web/vite.config.ts
	@cd web && npm run --silent build -- --logLevel warn
	@touch $@

.PHONY: web
web: web/dist/index.html ## The dashboard's page, web/dist: compiled into bank by the next build

.PHONY: dashboard
dashboard: web ## The dashboard with its page, on a generated bank, until Ctrl-C (ARGS="--rate 500")
	@$(MAKE) --no-print-directory build
	@build/release/bin/bank dashboard --source demo $(ARGS)

.PHONY: test-web
test-web: web ## The page: types, unit tests, and in Chromium on demo, files and Kafka
	@cd web && npm run --silent check && npm run --silent unit
	@tools/setup browser kafka
	@$(MAKE) --no-print-directory build
	@tools/kafka fetch >/dev/null
	@cd web && BANK=$(CURDIR)/build/release/bin/bank node --test --test-concurrency=1 tests/*.test.mjs

.PHONY: screenshots
screenshots: web ## Pictures of every page, light and dark, wide and phone, in build/screenshots
	@tools/setup browser
	@$(MAKE) --no-print-directory build
	@cd web && BANK=$(CURDIR)/build/release/bin/bank node tests/screenshots.mjs $(CURDIR)/build/screenshots

.PHONY: bench-peers-spark
bench-peers-spark: build spark ## Spark mode's job beside Spark's floor, Spark SQL and PySpark: stream, batch, start, latency (ARGS="--parts stream")
	@tools/setup run kafka spark peers-kafka
	@tools/kafka fetch >/dev/null
	@python3 bench/peers/spark/bench.py --bank build/release/bin/bank --runs $(RUNS) $(ARGS)

.PHONY: install
install: build ## Installs bank and its rule sets under $(DESTDIR)$(PREFIX)
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

.PHONY: clean
clean: ## Removes everything that was built
	rm -rf build web/dist web/node_modules
