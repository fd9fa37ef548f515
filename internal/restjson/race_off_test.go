// SPDX-License-Identifier: Apache-2.0

//go:build !race

package restjson_test

// raceAllowance is what the race detector may add to the allocations of a run.
const raceAllowance = 0.0
