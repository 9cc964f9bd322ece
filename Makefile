# SPDX-License-Identifier: BSD-3-Clause
# The two commands are `make demo` and `make check`; CMake does the work.
# JOBS=n limits parallel compilation; TRAIN=OFF leaves LibTorch out of `make check`;
# PREFIX and DESTDIR say where `make install` puts things.

JOBS ?= $(shell nproc)
TRAIN ?= ON
PREFIX ?= /usr/local

.PHONY: demo check check-platforms check-desktop web check-web check-engines deb check-deb release build install clean format

# Encodes and decodes a photograph of data/photos and compares the pixels.
demo:
	scripts/install-deps.sh build
	cmake --preset release --log-level=WARNING -DFLOWZIP_TRAIN=OFF -DFLOWZIP_TESTS=OFF
	cmake --build --preset release --parallel $(JOBS) --target flowzip png_samples
	scripts/demo.sh build/flowzip build/png_samples

# Builds everything, the trainer included, and runs all tests.
check:
	scripts/install-deps.sh build test $(if $(filter ON,$(TRAIN)),train)
	cmake --preset release -DFLOWZIP_TRAIN=$(TRAIN) -DFLOWZIP_TESTS=ON
	cmake --build --preset release --parallel $(JOBS)
	ctest --preset release --parallel $(JOBS)

# The golden files on x86-64, aarch64, riscv64 and s390x, by two compilers; half an hour.
check-platforms:
	scripts/install-deps.sh build platforms
	JOBS=$(JOBS) scripts/check-platforms.sh

# The plug-ins for viewers, thumbnailers and libvips, in those programs; desktop/README.md.
check-desktop:
	scripts/install-deps.sh build test desktop
	cmake --preset release -DFLOWZIP_TRAIN=OFF -DFLOWZIP_TESTS=ON -DFLOWZIP_DESKTOP_PROGRAMS=ON
	cmake --build --preset release --parallel $(JOBS) --target flowzip desktop
	ctest --preset release -L desktop
	cmake --preset release --log-level=WARNING -DFLOWZIP_DESKTOP_PROGRAMS=OFF

# The npm package (build/web/flowzip) and the page (build/web/site); web/README.md.
web:
	scripts/install-deps.sh build web
	for preset in wasm wasm-scalar wasm-threads; do \
	  cmake --preset $$preset --log-level=WARNING && \
	  cmake --build --preset $$preset --parallel $(JOBS) --target flowzip-web flowzip-decode || exit; \
	done
	node web/assemble.mjs build

# The package in node and in Chromium, beside the command's files.
check-web: web
	cmake --preset release -DFLOWZIP_TRAIN=OFF -DFLOWZIP_TESTS=OFF
	cmake --build --preset release --parallel $(JOBS) --target flowzip
	cmake --build --preset wasm --parallel $(JOBS)
	ctest --preset wasm
	cd web && npm ci --no-audit --no-fund
	cd web && node --test tests/*.test.mjs

# Archives on Slurm, GNU parallel, Dask and through random kills, all real and on this machine; minutes.
check-engines:
	scripts/install-deps.sh build engines
	cmake --preset release --log-level=WARNING -DFLOWZIP_TRAIN=OFF
	cmake --build --preset release --parallel $(JOBS) --target flowzip flowzip_python
	tests/restart_test.sh build/flowzip . 10000 10
	tests/engines/parallel_test.sh build/flowzip . 1000
	PYTHON=/usr/bin/python3 tests/engines/dask_test.sh build/flowzip . build/python 1000
	tests/engines/slurm_test.sh build/flowzip . 1000

# The Debian packages, in build/deb; the tests run on the way.
deb:
	scripts/install-deps.sh build test deb
	JOBS=$(JOBS) scripts/build-deb.sh build/deb

# Lintian, REUSE, a second build that must be equal, and the packages in a bare Debian; as root.
check-deb: deb
	JOBS=$(JOBS) scripts/check-debian.sh build/deb

# What a release consists of, in build/release.
release:
	scripts/install-deps.sh build
	JOBS=$(JOBS) scripts/release.sh build/release

# As check, without installing packages and without tests.
build:
	cmake --preset release -DFLOWZIP_TRAIN=$(TRAIN) -DFLOWZIP_TESTS=ON
	cmake --build --preset release --parallel $(JOBS)

# The command, the libraries, manual, completions and MIME type; see cmake/Install.cmake.
install:
	cmake --preset release -DFLOWZIP_TRAIN=OFF -DFLOWZIP_TESTS=OFF
	cmake --build --preset release --parallel $(JOBS)
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build

format:
	find analysis base c_api codec desktop model rans tools tests \( -name '*.h' -o -name '*.cc' -o -path 'desktop/*.c' \) \
	  -exec clang-format-14 -i {} +
