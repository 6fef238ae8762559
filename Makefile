# Everything happens in .venv; every target is incremental. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What benchmarks/reproduce.py trains.
REPRODUCED := sst2 sst2-transfer lines digits speakers chorales-lstm chorales-gru shakespeare names translation
NATIVE := CMakeLists.txt $(shell find native/core native/bindings -type f)
NATIVE_TESTS := $(shell find native/tests -type f)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install demo test check test-python test-native test-arm test-slow test-aeon fuzz sanitize sanitize-threads spills accuracy reproduce-etth1 reproduce-digit-strings $(REPRODUCED:%=reproduce-%) docs bench bench-quick format stubs clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: build/native/module.done ## Install Recurra and all that it needs into .venv

demo: install ## Train, score and forecast on the CO2 record of Mauna Loa (the main job)
	@$(BIN)/recurra demo --out demo-out

test: check test-native test-python ## Check formatting, lint, types and imports; run the C++ and Python tests

check: install ## Check formatting, lint, types and import contracts; no tests
	ruff format --check .
	ruff check .
	pyright
	lint-imports

test-native: build/native/tests.done ## Run the C++ tests

# Threads that wait without spinning leave the cores to the other process; OpenBLAS's spin, so it has one.
test-python: install ## Run the Python tests
	OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1 python -m pytest -n 2 -q -m "not slow"

test-slow: install ## Run the tests that take minutes
	python -m pytest -q -m slow

# `make test` draws the same examples at every run, so that its outcome hangs on the code alone.
fuzz: install ## Run the tests of properties on more examples, drawn anew
	OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1 python -m pytest -n 2 -q -m "hypothesis and not slow" --hypothesis-profile=fuzz

# aeon needs older libraries than ours, so it has an environment of its own.
test-aeon: install ## Run aeon's checks of classifiers on SequenceClassifier, in an environment of their own
	@test -x build/aeon/bin/python || $(PYTHON) -m venv build/aeon
	@build/aeon/bin/python -m pip --disable-pip-version-check -q install aeon==1.6.0 numpy==2.3.5 pandas==3.0.6 \
		torch==2.13.0 lightning-fabric==2.6.6 safetensors==0.8.0 pytest
	@rm -rf build/aeon-site && mkdir build/aeon-site && cp -r src/recurra $(VENV)/lib/python3*/site-packages/recurra-*.dist-info build/aeon-site
	@cp $(VENV)/lib/python3*/site-packages/recurra/kernels/_native*.so build/aeon-site/recurra/kernels
	PYTHONPATH=build/aeon-site:. build/aeon/bin/python -m pytest -q -W default -p no:cacheprovider tests/contracts/test_aeon.py

# Python itself is not sanitized, so what the module needs is loaded first; -S keeps the editable install from its path.
sanitize: SITE = build/sanitize/site
sanitize: PRELOAD = $(foreach name,asan stdc++,$(shell $(CXX) -print-file-name=lib$(name).so))
sanitize: install ## Run the tests of C++ and of the bindings under the address and undefined-behaviour sanitizers
	cmake -S . -B build/sanitize -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python \
		-DRECURRA_PYTHON=ON -DRECURRA_TESTS=ON -DRECURRA_SANITIZE=address,undefined
	cmake --build build/sanitize
	ctest --test-dir build/sanitize --output-on-failure
	rm -rf $(SITE) && mkdir $(SITE) && cp -r src/recurra $(SITE)
	cmake --install build/sanitize --prefix $(SITE)
	PACKAGES=$$(python -c "import sysconfig; print(sysconfig.get_path('purelib'))") && \
		PYTHONPATH="$(SITE):$$PACKAGES" ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 LD_PRELOAD="$(PRELOAD)" \
		python -S -m pytest -q -s -p no:cacheprovider tests/kernels/test_bindings.py \
		tests/kernels/test_quantized.py::test_the_native_layer_refuses_what_it_can_not_read

sanitize-threads: install ## Run the C++ tests under the thread sanitizer
	@cmake -S . -B build/threads -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		-DRECURRA_PYTHON=OFF -DRECURRA_TESTS=ON -DRECURRA_SANITIZE=thread
	@cmake --build build/threads
	TSAN_OPTIONS=die_after_fork=0 ctest --test-dir build/threads --output-on-failure

test-arm: ARM = aarch64-linux-gnu
test-arm: install ## Cross-compile the C++ tests for 64-bit Arm and run them under QEMU
	@for program in $(ARM)-g++ qemu-aarch64; do command -v $$program > /dev/null || \
		{ echo "$$program is not installed: apt-get install g++-$(ARM) qemu-user"; exit 2; }; done
	@cmake -S . -B build/arm -G Ninja --log-level=WARNING -DRECURRA_PYTHON=OFF -DRECURRA_TESTS=ON \
		-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=$(ARM)-g++ \
		-DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/usr/$(ARM)"
	@cmake --build build/arm
	ctest --test-dir build/arm --output-on-failure

spills: install ## Count register spills in the inner loops of the kernels' tiles
	python benchmarks/spills.py build/native/librecurra_core.a

accuracy: build/native/tests.done ## Measure the error of tanh and sigmoid over every float32 (minutes)
	build/native/activation_error

reproduce-etth1: install ## Forecast ETTh1 as docs/forecasting.md reports it (needs RECURRA_DATA)
	@test -n "$$RECURRA_DATA" || { echo "Set RECURRA_DATA to the folder that has forecast/ETTh1.csv"; exit 2; }
	@mkdir -p build
	recurra fit forecast "$$RECURRA_DATA/forecast/ETTh1.csv" --time date --target OT --horizon 24 \
		--train 8640 --validation 2880 --test 2880 -o build/etth1.safetensors

reproduce-digit-strings: install ## Transcribe strings of spoken digits as docs/transcription.md reports it (needs RECURRA_DATA)
	@test -n "$$RECURRA_DATA" || { echo "Set RECURRA_DATA to the folder that has audio/free-spoken-digits.zip"; exit 2; }
	@mkdir -p build
	python examples/make_digit_strings.py "$$RECURRA_DATA/audio/free-spoken-digits.zip" --out build/digit-strings
	recurra fit transcribe build/digit-strings/train.csv --audio path --text words \
		--test-file build/digit-strings/test.csv -o build/transcriber.safetensors
	recurra evaluate build/transcriber.safetensors build/digit-strings/unseen.csv

# Other trainings that the documentation reports; LAYERS=torch has PyTorch's layers in the same network, and
# SET="hidden_size=64 dropout=0.3" other arguments of the estimator.
reproduce-sst2: ## Classify sentences as docs/labels.md reports it (all of these need RECURRA_DATA)
reproduce-sst2-transfer: ## The same beginning with a language model, as docs/language-models.md reports it
reproduce-lines: ## Tag parts of speech as docs/labels.md reports it
reproduce-digits: ## Classify spoken digits of speakers known from training, as docs/labels.md reports it
reproduce-speakers: ## Classify spoken digits of speakers that training never heard
reproduce-chorales-lstm: ## Learn Bach's chorales as docs/language-models.md reports it
reproduce-chorales-gru: ## The same with a GRU
reproduce-shakespeare: ## Learn plays, character by character (quarter of an hour)
reproduce-names: ## Learn first names, character by character
reproduce-translation: ## Translate captions as docs/translation.md reports it (half an hour)
$(REPRODUCED:%=reproduce-%): install
	python -m benchmarks.reproduce $(@:reproduce-%=%) $(if $(LAYERS),--layers $(LAYERS)) $(if $(SEEDS),--seeds $(SEEDS)) $(SET:%=--set %)

docs: install ## Build the documentation as a site, build/docs/index.html
	sphinx-build -W --keep-going -b html docs build/docs

# SUITES="layers step" measures some again, on the same machine.
bench: install $(VENV)/bench.done ## Time Recurra beside its peers on a quiet machine and write docs/benchmarks.md
	python -m benchmarks $(SUITES) $(if $(SUITES),--merge) --json benchmarks/results/published.json
	python -m benchmarks page benchmarks/results/published.json > build/benchmarks.md
	mv build/benchmarks.md docs/benchmarks.md

bench-quick: install $(VENV)/bench.done ## The same on a small grid, under three minutes; writes no page
	python -m benchmarks --quick --json benchmarks/results/quick.json

format: install ## Format the code and mend what lint can mend
	ruff format .
	ruff check --fix .

stubs: install ## Write the native module's type stub anew
	python -m nanobind.stubgen -q -m recurra.kernels._native -o src/recurra/kernels/_native.pyi

clean: ## Remove everything that was built or installed
	rm -rf $(VENV) build demo-out

# Dependencies first and on their own, so that a change of the C++ only recompiles.
define REQUIREMENTS
import tomllib
project = tomllib.load(open('pyproject.toml', 'rb'))['project']
extras = [line for extra, own in project['optional-dependencies'].items() if extra != 'bench' for line in own]
print(*project['dependencies'], *(line for line in extras if not line.startswith('recurra[')), sep='\n')
endef
export REQUIREMENTS

$(VENV)/dependencies.done: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Recurra needs into $(VENV) ..."
	@mkdir -p build && $(BIN)/python -c "$$REQUIREMENTS" > build/requirements.txt
	@$(PIP) install --constraint constraints.txt --requirement build/requirements.txt
	@touch $@

# The peers are large and only timed, so that nothing but the benchmarks waits for them.
$(VENV)/bench.done: $(VENV)/dependencies.done
	@$(PIP) install --constraint constraints.txt $$($(BIN)/python -c "import tomllib; \
	  print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['bench'])")
	@touch $@

# The module and the C++ tests share a build folder, so that the core is compiled once.
build/native/module.done: $(VENV)/dependencies.done $(NATIVE)
	@echo "Compiling the native core ..."
	@$(PIP) install --no-build-isolation --no-deps --config-settings=build-dir=build/native \
		--config-settings=cmake.define.RECURRA_PYTHON=ON --config-settings=cmake.define.RECURRA_TESTS=ON \
		--config-settings=build.targets=_native --editable .
	@touch $@

build/native/tests.done: build/native/module.done $(NATIVE) $(NATIVE_TESTS)
	@cmake --build build/native
	ctest --test-dir build/native --output-on-failure
	@touch $@
