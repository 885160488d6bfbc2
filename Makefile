# mandible: make install, make demo, make test. Everything here can be run again at any time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRAIN_VENV := .venv-train
FULL_RESULT := benchmarks/results/test-full.txt

# What Debian, Ubuntu and Raspberry Pi OS call the things that pip cannot bring. Node's own packages bring npm
# along and conflict with Debian's, so these are wanted only where there is none.
RUN_PACKAGES := build-essential python3-dev python3-venv portaudio19-dev
TEST_PACKAGES := gcc-avr avr-libc avrdude simavr libsimavr-dev libelf-dev \
	pulseaudio pulseaudio-utils libasound2-plugins systemd \
	flite festival festvox-kallpc16k festvox-us-slt-hts \
	clang libclang-rt-dev chromium \
	gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
	$(shell command -v npm >/dev/null || echo nodejs npm)

# A compiler and an emulator for 64-bit ARM; the full tier runs mandible on such a computer.
ARM_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static

# Tests of other tiers are left out by name; pytest prints how many.
DESELECT := not full and not training$(if $(MANDIBLE_DATA),, and not corpus)

.PHONY: help deps install demo test test-training test-full lint bench firmware wheel clean

help:
	@echo "make install      system packages, .venv and mandible itself"
	@echo "make demo         speech through the whole line into a simulated servo; leaves demo/demo.png"
	@echo "make test         every test that needs no TensorFlow (under 15 minutes)"
	@echo "make test-training  training, quantising and converting in small (installs TensorFlow in $(TRAIN_VENV))"
	@echo "make test-full    soaks and full parity"
	@echo "make lint         ruff and mypy"
	@echo "make bench        times engines, counts on microcontrollers, measures live runs; writes benchmarks/results/"
	@echo "make simulators   compiler and simulators for microcontrollers, as 'mandible parity' uses them"
	@echo "make firmware     the Arduino image (needs gcc-avr)"

# The only place that calls apt.
deps:
	@missing=; for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then echo "system packages: all there"; exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "This is no Debian. Please install what your system calls:$$missing" >&2; exit 3; fi; \
	echo "Installing system packages:$$missing"; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing
deps: PACKAGES ?= $(RUN_PACKAGES)

KERNEL_SOURCES := $(shell find device firmware_bridge/firmware/core firmware_bridge/firmware/host -name '*.[ch]')

$(VENV)/.installed: pyproject.toml setup.py $(KERNEL_SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -e '.[mic,plot,dev]'
	@touch $@

install:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory $(VENV)/.installed
	@echo "Ready: $(BIN)/mandible"

demo: install
	$(BIN)/python -m mandible.benchmarks.demo

# The simulator of the RP2040, where mandible.quantize.boards looks for it.
.node/node_modules/rp2040js/package.json:
	npm install --silent --no-fund --no-audit --prefix .node rp2040js@1.4.1

# Everything that runs exported C: also what `mandible parity` and benchmarks/mcu.py need.
.PHONY: simulators
simulators:
	@$(MAKE) --no-print-directory deps PACKAGES='$(TEST_PACKAGES)'
	@$(MAKE) --no-print-directory .node/node_modules/rp2040js/package.json

# Other programs whose adapters are tested with the real thing; they go into the user's cache.
.PHONY: peers
peers: install simulators
	$(BIN)/python -m mandible.benchmarks.peers headaudio wlipsync wlipsync-calibrated wawa

test: install simulators peers
	$(BIN)/python -m pytest -m '$(DESELECT)' --durations=10

$(TRAIN_VENV)/.installed: pyproject.toml setup.py
	$(PYTHON) -m venv $(TRAIN_VENV)
	$(TRAIN_VENV)/bin/pip install -q --disable-pip-version-check -e '.[train,dev]'
	@touch $@

test-training: install $(TRAIN_VENV)/.installed
	$(TRAIN_VENV)/bin/python -m pytest -m training tests/models tests/quantize

# The runtime that LiteRT replaced; it needs a Python before 3.12 and an old numpy.
.venv-tflite/.installed:
	$(PYTHON) -m venv .venv-tflite
	.venv-tflite/bin/pip install -q --disable-pip-version-check 'tflite-runtime==2.14.0' 'numpy<2'
	@touch $@

# The result is kept, so that a reader sees what was run and when it last held.
test-full: export MANDIBLE_TFLITE_PYTHON = $(CURDIR)/.venv-tflite/bin/python
test-full: test test-training .venv-tflite/.installed arm-tools
	$(BIN)/pip install -q --disable-pip-version-check 'tensorrt-rtx-cu12==1.7.1.116'
	$(BIN)/python -c 'import platform as p; print(p.platform(), "Python", p.python_version())' > $(FULL_RESULT)
	$(BIN)/python -m pytest -m full --no-header -v --durations=0 >> $(FULL_RESULT); \
		status=$$?; cat $(FULL_RESULT); exit $$status

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install simulators
	$(BIN)/python -m mandible.benchmarks.engines
	$(BIN)/python -m mandible.benchmarks.mcu
	$(BIN)/python -m mandible.benchmarks.one_chip
	$(BIN)/python -m tests.measure.load
	$(BIN)/python -m tests.measure.link
	$(BIN)/python -m tests.measure.latency
	$(BIN)/mandible benchmark --device host --suite quick -o benchmarks/results/host-$(shell uname -m).json
	$(BIN)/mandible benchmark --device mcu --suite quick -o benchmarks/results/microcontrollers.json

firmware:
	@$(MAKE) --no-print-directory deps PACKAGES="make gcc-avr avr-libc avrdude"
	$(MAKE) -C firmware_bridge/firmware

# Afresh: what an earlier build left behind would travel along.
wheel: install
	rm -rf build dist/*.whl
	$(BIN)/pip wheel -q --no-deps -w dist .

# The same for a Raspberry Pi or Jetson: the kernels are cross-compiled.
.PHONY: arm-tools wheel-aarch64
arm-tools:
	@$(MAKE) --no-print-directory deps PACKAGES='$(ARM_PACKAGES)'

wheel-aarch64: install arm-tools
	$(BIN)/python -m tests.aarch64.wheels dist

clean:
	rm -rf build dist demo .node .aarch64 .venv-tflite src/*.egg-info firmware_bridge/firmware/build $(VENV)/.installed
	find device firmware_bridge -name '*.so' -delete
