# qmlnode: one Makefile, no recursion into folders; new files are found by
# wildcard. `make help` lists the targets, `make B=/some/dir` builds elsewhere.

VERSION := 0.1.0
B      ?= build
PREFIX ?= /usr/local
CC      = gcc
AR      = ar
PKGS   := libuv libsodium libprotobuf-c sqlite3 yaml-0.1 jansson
TIDY   ?= scripts/tidy
RUN     = QML_BUILD=$(abspath $(B)) tests/run

OPT  ?= -O2
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef -Wformat=2 -Wswitch-enum \
	-Wimplicit-fallthrough $(if $(WERROR),-Werror)
# SAN=address,undefined or SAN=thread; COV=1: coverage. FORTIFY hides bugs
# from the sanitizers, so it is for plain builds only.
HARD := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer,-fstack-protector-strong \
	$(if $(COV),--coverage,-D_FORTIFY_SOURCE=2))
QCFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L $(OPT) -g -ffp-contract=off \
	$(HARD) -pthread -MMD -MP -I. -isystem $(B)/gen $(CFLAGS)
# A file named *_avx2.c is compiled for AVX2 and FMA, *_avx512.c for AVX-512;
# its caller asks the CPU first.
ISA = $(if $(findstring _avx2.,$<),-mavx2 -mfma) \
	$(if $(findstring _avx512.,$<),-mavx512f -mavx512dq -mfma)
QLDFLAGS = $(HARD) -pthread -Wl,--as-needed -Wl,-z,relro,-z,now $(LDFLAGS)
# V=1 shows the commands.
Q    = $(if $(V),,@)
say  = @$(if $(V),:,printf '  %-5s %s\n' $(1) $(@:$(B)/%=%))
SYSLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || \
	echo -luv -lsodium -lprotobuf-c -lsqlite3 -lyaml -ljansson) -lnng -lm

# --- libraries: one per layer; a library names those it may call, in order --
LIBS := proto config sim consensus node trainer cli
SRC_proto     := $(wildcard proto/*.c)
SRC_config    := $(wildcard config/*.c)
SRC_sim       := $(wildcard sim/*.c sim/*/*.c)
SRC_consensus := $(wildcard consensus/*.c consensus/*/*.c)
SRC_node      := $(wildcard daemon/node/*.c daemon/node/*/*.c)
SRC_trainer   := $(wildcard daemon/trainer/*.c)
SRC_cli       := $(wildcard daemon/cli/*.c)
SRC_main      := $(wildcard daemon/qml*.c)
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib = $(patsubst %,$(B)/lib/lib%.a,$(1))

PB_H := $(B)/gen/proto/qml.pb-c.h
PB_O := $(if $(wildcard proto/qml.proto),$(B)/obj/gen/qml.pb-c.o)

PROGS := $(patsubst daemon/%.c,$(B)/%,$(SRC_main))
# The network daemon has neither the simulator nor BLAS in it; tidy looks.
USE_qmlnode  := cli node config consensus proto
USE_qmltrain := trainer cli sim config consensus proto
USE_qmlctl   := cli node config consensus proto
USE_qmlsim   := cli node sim config proto
BLAS := $(shell grep -lsE '<(cblas|lapacke)\.h>' $(SRC_sim) /dev/null \
	| grep -q . && (pkg-config --libs lapacke openblas || \
	echo -llapacke -lopenblas))
BLAS += $(shell grep -lsE '<zlib\.h>' $(SRC_sim) $(SRC_trainer) /dev/null | sed 's/.*/-lz/;q')
BLAS += $(shell grep -lsE '<libsvm/svm\.h>' $(SRC_sim) /dev/null | \
	sed 's/.*/-lsvm/;q')
# The check of our own numbers: no other file of sim/ calls these, and the
# library for other programs goes without them.
SRC_check := sim/learn/linalg.c sim/learn/svm.c

# --- tests: tests/<folder>/test_*.c, one program each; other .c files of the
# folder are helpers linked into each of its tests --------------------------
SRC_test := $(filter-out tests/cluster/%,$(wildcard tests/*/test_*.c \
	tests/*/*/test_*.c tests/*/*/*/test_*.c tests/bench/bench_*.c))
SRC_fuzz    := $(wildcard tests/fuzz/fuzz_*.c)
SRC_cluster := $(wildcard tests/cluster/*.c)
SRC_switch  := $(wildcard tests/net/*.c)
SRC_preload := $(wildcard tests/*/preload_*.c)
TEST    := $(patsubst %.c,$(B)/%,$(SRC_test))
BENCH   := $(filter $(B)/tests/bench/%,$(TEST))
SCRIPTS := $(wildcard tests/scripts/test_*.sh)
E2E     := $(filter $(B)/tests/e2e/%,$(TEST)) $(wildcard tests/e2e/test_*.sh \
	tests/e2e/test_*.py)
UNIT    := $(filter-out $(BENCH) $(E2E),$(TEST))
# Fuzz targets look at hostile bytes: check runs them with the sanitizers.
FUZZ_B  := $(B)$(if $(SAN)$(COV),,/san)
FUZZ    := $(SRC_fuzz:%.c=$(FUZZ_B)/%)
CLUSTER := $(if $(SRC_cluster),$(B)/tests/cluster)
SWITCH  := $(if $(SRC_switch),$(B)/tests/net/switch)
PRELOAD := $(SRC_preload:%.c=$(B)/%.so)
# Programs that tests start: hostile clients, members that lie.
TOOLS   := $(patsubst %.c,$(B)/%,$(wildcard tests/e2e/tool_*.c))
USE_tests/proto     := proto
USE_tests/config    := config proto
USE_tests/sim       := sim
USE_tests/consensus := consensus proto
USE_tests/e2e       := cli node config consensus proto
USE_all             := trainer cli node sim config consensus proto
# $(call use,tests/sim/state/test_x.c): the libraries of its top folder
top = $(word 1,$(subst /, ,$1))/$(word 2,$(subst /, ,$1))
use = $(or $(USE_$(call top,$1)),$(USE_all))
helpers = $(call obj,$(filter-out %/driver.c $(dir $1)test_% $(dir $1)bench_% \
	$(dir $1)fuzz_% $(dir $1)preload_% $(dir $1)tool_%,$(wildcard $(dir $1)*.c)))

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: all demo check check-long bench cluster-build asan tsan fuzz cov tidy \
	format e2e unit tests decoding fuzzers fuzz-drivers install install-library \
	clean help FORCE

all: $(PROGS) $(call lib,$(LIBS) qmlsim)   ## libraries and programs

tests: all $(UNIT) $(E2E) $(CLUSTER) $(SWITCH) $(PRELOAD) $(TOOLS) \
	$(if $(filter $(B),$(FUZZ_B)),$(FUZZ),$(if $(FUZZ),fuzz-drivers))
fuzz-drivers:
	@$(MAKE) B=$(FUZZ_B) SAN=address,undefined OPT=-O1 $(FUZZ)

$(B)/gen/proto/qml.pb-c.c $(PB_H) &: proto/qml.proto
	@mkdir -p $(B)/gen/proto
	$(call say,PB)
	$(Q)protoc-c --c_out=$(B)/gen proto/qml.proto

# What is compiled with other flags than the last time is compiled again: half
# a build without its sanitizer or its coverage finds nothing and says so nowhere.
FLAGS := $(CC) $(OPT) $(HARD) $(CFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

$(B)/obj/gen/qml.pb-c.o: $(B)/gen/proto/qml.pb-c.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(QCFLAGS) -Wno-unused -c -o $@ $<

# "gen/version.h": QML_VERSION and QML_BUILD_ID, the hash of all sources, by
# which qmlnode and its trainer see that they are of one build.
VERSION_H := $(B)/gen/gen/version.h
SRC_all := $(sort $(foreach l,$(LIBS) main,$(SRC_$l)) $(wildcard proto/*.h \
	proto/qml.proto config/*.h sim/*.h sim/*/*.h consensus/*/*.h daemon/*/*.h))
$(VERSION_H): $(SRC_all) Makefile
	@mkdir -p $(@D)
	@printf '#define QML_VERSION "%s"\n#define QML_BUILD_ID "%s"\n' \
	$(VERSION) "$$(sha256sum $(SRC_all) | sha256sum | cut -c 1-64)" >$@
$(call obj,$(SRC_node) $(SRC_trainer) $(SRC_cli) $(SRC_main)): | $(VERSION_H)
# -MMD leaves out what -isystem finds, so the files that name it are asked.
$(call obj,$(shell grep -ls 'gen/version\.h' $(SRC_all))): $(VERSION_H)

$(call obj,$(wildcard proto/*.c)): | $(if $(PB_O),$(PB_H))
$(B)/obj/sim/%.o: OPT = $(if $(SAN)$(COV),-O1,-O3)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(QCFLAGS) $(WARN) $(ISA) -c -o $@ $<

# The list of members, so that a file that went also leaves the library.
$(B)/lib/%.list: FORCE
	@mkdir -p $(@D)
	@echo $(SRC_$*) | cmp -s - $@ || echo $(SRC_$*) >$@
FORCE:

$(B)/lib/lib%.a: $(B)/lib/%.list $$(call obj,$$(SRC_$$*)) \
		$$(if $$(filter proto,$$*),$(PB_O))
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

# qmlctl reads what was signed and has no key: the functions that need one are
# left out of it.
$(call obj,$(SRC_proto) consensus/chain/verify.c daemon/cli/member_line.c): \
	QCFLAGS += -ffunction-sections
$(B)/qmlctl: QLDFLAGS += -Wl,--gc-sections
$(PROGS): $(B)/%: $(B)/obj/daemon/%.o $$(call lib,$$(USE_$$*))
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^ $(if $(filter sim,$(USE_$*)),$(BLAS)) $(SYSLIBS)

# tests/oom.c has __wrap_malloc and friends, which fail the k-th call.
%_oom: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(filter %_oom,$(TEST)): $(B)/obj/tests/oom.o
$(TEST): $(B)/%: $(B)/obj/%.o $$(call helpers,$$*.c) \
		$$(call lib,$$(call use,$$*.c))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^ -lcmocka $(BLAS) $(SYSLIBS)

# The daemon itself, and between it and its links a member that lies.
%/tool_liar: LDFLAGS += -Wl,--wrap=peers_send,--wrap=peers_broadcast \
	-Wl,--wrap=stream_send,--wrap=node_run,--wrap=replica_new
$(TOOLS): $(B)/%: $(B)/obj/%.o $$(call helpers,$$*.c) \
		$$(call lib,$$(call use,$$*.c))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^ $(SYSLIBS)

FUZZ_HELP := $(call helpers,tests/fuzz/fuzz_any.c)
$(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/driver.o \
		$(FUZZ_HELP) $(call lib,$(USE_all))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^ $(BLAS) $(SYSLIBS)

$(B)/libfuzzer/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_HELP) $(call lib,$(USE_all))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -fsanitize=fuzzer -o $@ $^ $(BLAS) $(SYSLIBS)

$(B)/tests/cluster: $(call obj,$(SRC_cluster)) $(call lib,consensus proto)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^ $(SYSLIBS)

# Namespaces and a network between them, for tests/e2e and tests/bench.
$(B)/tests/net/switch: $(call obj,$(filter-out tests/net/test_%,$(SRC_switch)))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(QLDFLAGS) -o $@ $^

$(B)/tests/%.so: tests/%.c
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) -std=c11 -O2 -g $(WARN) -fPIC -shared -o $@ $< -ldl

unit: all $(UNIT)                          ## unit tests only
	$(RUN) $(UNIT)
e2e: all $(E2E) $(SWITCH) $(PRELOAD) $(TOOLS)   ## tests on real daemons only
	$(RUN) --serial $(E2E)
check: tests                               ## everything; last line counts
	$(RUN) $(UNIT) $(FUZZ) $(SCRIPTS) --serial $(CLUSTER) $(E2E) $(TIDY)
check-long: tests                          ## check with many more seeds
	QML_TEST_LONG=1 $(RUN) --timeout 7200 $(UNIT) $(FUZZ) $(SCRIPTS) \
		--serial $(CLUSTER) $(E2E) $(TIDY)
demo: all                                  ## four nodes on real data, live
	$(B)/qmlnode demo $(ARGS)
bench: all $(BENCH) $(SWITCH)              ## print the measured figures
	QML_BUILD=$(abspath $(B)) scripts/bench $(BENCH)
cluster-build: $(CLUSTER)                  ## the simulated federation
asan:                                      ## ASan+UBSan: unit cluster fuzz e2e
	$(MAKE) B=$(B)/asan SAN=address,undefined OPT=-O1 TIDY= check
tsan:                                      ## ThreadSanitizer: the same
	$(MAKE) B=$(B)/tsan SAN=thread OPT=-O1 TIDY= check
fuzz:                                      ## libFuzzer, FUZZ_SECONDS=30 each
	$(MAKE) B=$(B)/fuzz CC=clang SAN=address,undefined,fuzzer-no-link \
		OPT=-O1 fuzzers
	scripts/fuzz $(SRC_fuzz:tests/fuzz/%.c=$(B)/fuzz/libfuzzer/%)
fuzzers: $(SRC_fuzz:tests/fuzz/%.c=$(B)/libfuzzer/%)
cov:                                       ## line coverage, COV_OF=check
	$(MAKE) B=$(B)/cov COV=1 OPT=-O0 TIDY= $(or $(COV_OF),check)
	scripts/cov $(B)/cov
# Short enough to look at a decoder by: make cov COV_OF=decoding
DECODING := $(filter $(addprefix $(B)/tests/,proto/% config/% consensus/% \
	daemon/%),$(UNIT))
decoding: all $(DECODING) $(FUZZ)          ## unit tests of what decodes
	$(RUN) $(DECODING) $(FUZZ)
tidy: all                                  ## the rules of the house
	QML_BUILD=$(abspath $(B)) scripts/tidy
format:                                    ## clang-format every source
	scripts/tidy --format
# One object in which only the public names are left, so that a program may
# use ours for its own.
$(B)/lib/libqmlsim.a: $(call obj,$(filter-out $(SRC_check),$(SRC_sim)))
	@mkdir -p $(@D)
	$(call say,AR)
	$(Q)ld -r -o $(B)/lib/qmlsim.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='qmlsim_*' $(B)/lib/qmlsim.o
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(B)/lib/qmlsim.o

# The simulator for other programs: one header, one archive, pkg-config.
install-library: $(B)/lib/libqmlsim.a
	install -D -m 644 sim/qmlsim.h $(DESTDIR)$(PREFIX)/include/qmlsim.h
	install -D -m 644 $< $(DESTDIR)$(PREFIX)/lib/libqmlsim.a
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: qmlsim' 'Version: $(VERSION)' \
	'Description: variational quantum circuits on batches of samples' \
	'Cflags: -I$${prefix}/include' \
	'Libs: -L$${prefix}/lib -lqmlsim -lm -pthread' \
	>$(DESTDIR)$(PREFIX)/lib/pkgconfig/qmlsim.pc
install: all install-library               ## PREFIX=/usr/local DESTDIR=
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGS) $(DESTDIR)$(PREFIX)/bin
	install -D -m 644 tests/data/datasets/digits.csv \
		$(DESTDIR)$(PREFIX)/share/qmlnode/digits.csv
	for m in $(wildcard daemon/*.[158] daemon/*/*.[158] config/*.5); do \
	install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/} \
	|| exit 1; done
clean:                                     ## remove build/
	rm -rf $(B)
help:                                      ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 16

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
