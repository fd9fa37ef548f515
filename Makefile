# Versions of the tools.
GOLANGCI_LINT_VERSION := v2.15.0
MOCKERY_VERSION       := v3.9.0
GOVULNCHECK_VERSION   := v1.9.0
CYCLONEDX_VERSION     := v1.10.0
APIDIFF_VERSION       := v0.0.0-20261113113407-e3970619a1a4
OLDEST_GO             := go1.25.3

GO          ?= go
FUZZTIME    ?= 30s
BIN         := $(CURDIR)/bin
LINT        := $(BIN)/golangci-lint-$(GOLANGCI_LINT_VERSION)
MOCKERY     := $(BIN)/mockery-$(MOCKERY_VERSION)
GOVULNCHECK := $(BIN)/govulncheck-$(GOVULNCHECK_VERSION)
APIDIFF     := $(BIN)/apidiff-$(APIDIFF_VERSION)
MODULES     := $(dir $(shell git ls-files '*go.mod'))
COMMAND     := cmd/participant
SEEDED      := ^Test(NothingIsLostOrDuplicated|EndingsAreReportedCorrectly|EveryEventIsHandled|OrderlyFleetHandlesEachEventOnce|Soak.*|Crash)$$
FUZZ        := $(shell grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' . | cut -d' ' -f2)

# Each module is built separately, as its users build it.
export GOWORK := off

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: test
test: ## Run the tests
	@for dir in . $(COMMAND); do (cd $$dir && set -x && $(GO) test ./...) || exit 1; done

.PHONY: race
race: ## Run the tests of every module with the race detector, in random order
	@for dir in $(MODULES); do (cd $$dir && set -x && $(GO) test -race -shuffle=on -timeout=20m ./...) || exit 1; done

.PHONY: fips
fips: ## Run the tests, except seeded ones, in FIPS 140-3 mode with the certified module, then enforced
	@for dir in . $(COMMAND); do for mode in on only; do \
		(cd $$dir && set -x && GOFIPS140=v1.0.0 GODEBUG=fips140=$$mode $(GO) test -skip='$(SEEDED)' ./...) || exit 1; \
	done; done

.PHONY: oldest
oldest: ## Run the tests, without those with many seeds, with the oldest supported line of Go
	@for dir in . $(COMMAND); do (cd $$dir && set -x && GOTOOLCHAIN=$(OLDEST_GO) $(GO) test -skip='$(SEEDED)' ./...) || exit 1; done

.PHONY: newest
newest: ## Run the tests of the client with the newest core of the AWS SDK
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && cp go.mod $$dir/newest.mod && cp go.sum $$dir/newest.sum && \
	if $(GO) get -modfile=$$dir/newest.mod github.com/aws/aws-sdk-go-v2@latest github.com/aws/smithy-go@latest; \
	then set -x; $(GO) test -mod=mod -modfile=$$dir/newest.mod . ./chat; \
	else echo "the newest core of the AWS SDK is not available"; fi

.PHONY: cover
cover: ## Show the test coverage of the client
	$(GO) test -coverpkg=./,./internal/... -coverprofile=coverage.out ./... && $(GO) tool cover -func=coverage.out | tail -1

.PHONY: vet
vet: ## Build and vet every module, and check that go.mod is tidy
	@for dir in $(MODULES); do (cd $$dir && set -x && $(GO) build -o /dev/null ./... && $(GO) vet ./... && $(GO) mod tidy -diff) || exit 1; done

.PHONY: lint
lint: $(LINT) ## Run the linters
	@for dir in $(MODULES); do (cd $$dir && set -x && $(LINT) run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

$(LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(BIN)/golangci-lint $@

.PHONY: fmt
fmt: $(LINT) ## Format the code of every module
	@for dir in $(MODULES); do (cd $$dir && $(LINT) fmt --config $(CURDIR)/.golangci.yml ./...) || exit 1; done

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME
	@for target in $(FUZZ); do \
		dir=$$(dirname $$(grep -rl --include='*_test.go' "^func $$target(" .)) && echo "$$dir $$target" && \
		out=$$(cd $$dir && $(GO) test -run=NONE -fuzz="^$$target$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x . 2>&1) && code=0 || code=$$?; \
		case "$$code $$out" in \
			0*) echo "$$out" | tail -2 ;; \
			*"Failing input"*) echo "$$out"; exit 1 ;; \
			*"context deadline exceeded"*) echo "fuzzing ended in the middle of an input" ;; \
			*) echo "$$out"; exit 1 ;; \
		esac; \
	done

.PHONY: nightly
nightly: fuzz ## Run the long tests: fuzzing, many seeds, soaks, killed processes
	$(GO) test ./chat -timeout=0 -v -run='^TestNothingIsLostOrDuplicated$$' -chat.seeds=10000
	$(GO) test ./chat -timeout=0 -v -run='^TestEndingsAreReportedCorrectly$$' -chat.endings=10000
	$(GO) test ./chat -timeout=0 -v -run='^TestSoak' -soak.sessions=1000 -soak.time=2m
	$(GO) test ./fleet -timeout=0 -v -run='^TestEveryEventIsHandled$$' -fleet.seeds=10000
	$(GO) test ./fleet -timeout=0 -v -run='^TestOrderlyFleetHandlesEachEventOnce$$' -fleet.orderly=1000
	$(GO) test ./fleet -timeout=0 -v -run='^TestQuotaIsNeverExceeded$$' -fleet.quota.seeds=1000
	cd examples/fleet/bridge && $(GO) test -timeout=0 -v -run='^Test(Kill|RollingDeploy)$$' -process.kills=100

.PHONY: bench
bench: ## Compare the client's speed with others, and measure what it adds to a program
	cd bench && $(GO) run ./ratios -readme README.md && $(GO) run ./start

.PHONY: benchonce
benchonce: ## Run each benchmark of every module once, to check that it works
	@for dir in $(MODULES); do (cd $$dir && set -x && $(GO) test -run=NONE -bench=. -benchtime=1x ./...) || exit 1; done

.PHONY: e2e
e2e: ## Test published JavaScript clients against the fake, without and with TLS; needs Node 20 and npm
	cd $(COMMAND) && $(GO) build -o $(BIN)/participant .
	cd e2e && npm ci --no-audit --no-fund && PARTICIPANT=$(BIN)/participant npm test

.PHONY: browser
browser: ## Test the browser example, the control API and its page with Chromium
	$(GO) vet -tags chromium ./examples/browser ./participanttest/control
	$(GO) test -tags chromium -count=1 -run Chromium ./examples/browser ./participanttest/control

.PHONY: golden
golden: ## Rewrite the golden files in testdata, including the API listing
	$(GO) test . ./interactive ./internal/repotest -update
	cd $(COMMAND) && $(GO) test . -update

.PHONY: mocks
mocks: $(MOCKERY) ## Generate participantmock
	$(MOCKERY) --log-level=error

$(MOCKERY):
	GOBIN=$(BIN) $(GO) install github.com/vektra/mockery/v3@$(MOCKERY_VERSION)
	mv $(BIN)/mockery $@

.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## Check each module for known vulnerabilities, if their database is reachable
	@for dir in $(MODULES); do \
		out=$$(cd $$dir && $(GOVULNCHECK) ./... 2>&1) && code=0 || code=$$?; echo "$$dir: $$out"; \
		case "$$code $$out" in \
			0*) ;; \
			*"fetching vulnerabilities"*) echo "The vulnerability database is not reachable: nothing was checked."; exit 0 ;; \
			*) exit 1 ;; \
		esac; \
	done

$(GOVULNCHECK):
	GOBIN=$(BIN) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(BIN)/govulncheck $@

# An incompatible release needs a new minor version before 1.0.0, and a new major version afterwards.
.PHONY: apidiff
apidiff: $(APIDIFF) ## Compare the API with the last release
	@tag=$$(git describe --tags --abbrev=0 --match='v*' 2>/dev/null) || { echo "nothing is released yet"; exit 0; }; \
	dir=$$(mktemp -d) && trap 'git worktree remove --force $$dir/old; rm -rf $$dir' EXIT && \
	git worktree add --quiet --detach $$dir/old $$tag && module=$$($(GO) list -m) && \
	(cd $$dir/old && $(APIDIFF) -m -w $$dir/old.api $$module) && broken=$$($(APIDIFF) -m -incompatible $$dir/old.api $$module) && \
	if [ -n "$$broken" ]; then \
		echo "incompatible with $$tag:"; echo "$$broken"; \
		case $$tag in v0.*) line=$${tag%.*} ;; *) line=$${tag%%.*} ;; esac; \
		! grep -q "version = \"$${line#v}\." version.go; \
	else echo "compatible with $$tag"; fi

$(APIDIFF):
	GOBIN=$(BIN) $(GO) install golang.org/x/exp/cmd/apidiff@$(APIDIFF_VERSION)
	mv $(BIN)/apidiff $@

.PHONY: sbom
sbom: ## Write the bill of materials of the command to sbom.json, as CycloneDX
	cd $(COMMAND) && $(GO) run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION) app -json -licenses -std -output $(CURDIR)/sbom.json

.PHONY: demo
demo: ## Run a chat on the fake
	cd $(COMMAND) && $(GO) run . demo

.PHONY: check
check: vet race fips lint apidiff benchonce mocks vulncheck ## Run every check that a change must pass
	git diff --exit-code participantmock
	@if GOTOOLCHAIN=$(OLDEST_GO) $(GO) version; then $(MAKE) oldest; else echo "$(OLDEST_GO) is not available"; fi
	$(MAKE) newest
	@if command -v npm; then $(MAKE) e2e; else echo "npm is not installed"; fi
	@if command -v chromium; then $(MAKE) browser; else echo "Chromium is not installed"; fi
