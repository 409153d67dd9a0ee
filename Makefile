## make lab       open the course in JupyterLab (the first time: make its environment)
## make test      run every test and every notebook (ARGS=… is passed to pytest)
## make lint      look for slips in the code, notebooks included
## make site      build the course, executed, as a site that needs no network: build/site
## make slides    turn each lesson into slides: build/slides (LESSONS="3_2 3_6": only those)
## make bench     measure each lesson's seconds and memory, write notebooks/BENCH.md
## make networks  train every network in data/networks anew from its recipe
## make links     bring badges, bootstrap cells and the README's lesson table in step
## make pins      compile requirements.in into pinned versions (UPGRADE=1: newest; needs uv)
##
## PYTHON=python3.12 chooses a Python. CPU=1 takes PyTorch's small CPU build on Linux.

PYTHON ?= python3
VENV ?= .venv
UV ?= uv
PY = $(VENV)/bin/python
READY = $(VENV)/ready
EXTRAS = $(VENV)/extras
SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

.PHONY: help lab test lint site slides bench networks links pins FORCE

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

# A server refuses to run as root unless told that this is meant, as in a container.
lab: $(READY)
	$(PY) -m jupyterlab notebooks/0_start_here.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

# The whole suite: two files at a time, each on one thread.
test: $(EXTRAS)
	$(if $(ARGS),,OMP_NUM_THREADS=1) $(PY) -m pytest $(or $(ARGS),-n 2 --dist loadfile)

lint: $(READY)
	$(PY) -m ruff check .

site slides: $(EXTRAS)
	$(PY) -m course_utils.publish $@ $(LESSONS)

bench: $(READY)
	$(PY) -m course_utils.bench

networks: $(READY)
	$(PY) -m course_utils.recipes

links: $(READY)
	$(PY) -m course_utils.links

# The environment is made once, and again when the pins change or the folder has moved.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif

# environment.yml is the one file that names the index of CPU builds.
$(READY): requirements.txt requirements-cuda.txt pyproject.toml
	@$(PY) -m pip --version >/dev/null 2>&1 || { $(PYTHON) -c "$(SUPPORTED)" || { \
	  echo "The course needs Python 3.11, 3.12, 3.13 or 3.14, and \"$(PYTHON)\" is:" \
	    "$$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Name another one, such as: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	  exit 1; }; $(PYTHON) -m venv --clear $(VENV); }
	$(PY) -m pip install -c requirements-cuda.txt -e . \
	  $(if $(CPU),$(shell sed -n 's/^ *- \(--extra-index-url .*\)/\1/p' environment.yml))
	@echo "$(CURDIR)" > $@

# What learners never need: it grades a class, and builds the site and the slides.
$(EXTRAS): $(READY)
	$(PY) -m pip install -c requirements.txt -c requirements-cuda.txt -e ".[class,site]"
	@touch $@

# What torch brings along for graphics cards on Linux goes into a file of constraints, not into
# the course's dependencies: as dependencies, they would be downloaded (6 GB) for the CPU build too.
pins:
	@mkdir -p build
	@cat requirements.txt requirements-cuda.txt > build/pins.txt
	$(UV) pip compile requirements.in -o build/pins.txt --quiet --universal --no-header \
	  --no-annotate --python-version 3.11 --fork-strategy fewest $(if $(UPGRADE),--upgrade)
	grep -vE '^(nvidia-|cuda-|triton==)' build/pins.txt > requirements.txt
	grep -E '^(nvidia-|cuda-|triton==)' build/pins.txt > requirements-cuda.txt
