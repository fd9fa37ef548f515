// SPDX-License-Identifier: Apache-2.0

// Package fleet holds each chat of an account on exactly one of many processes.
package fleet
