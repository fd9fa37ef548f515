// SPDX-License-Identifier: Apache-2.0

//go:build race

package restjson_test

// raceAllowance is the number of allocations that the race detector may add to a run.
const raceAllowance = 16.0
