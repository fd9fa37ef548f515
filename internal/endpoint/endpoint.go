// SPDX-License-Identifier: Apache-2.0

// Package endpoint resolves the URL of the service for a region and checks whether a URL may carry
// a secret.
package endpoint

import (
	"errors"
	"fmt"
	"strings"
)

// Params are the parameters of the URL.
type Params struct {
	Region       string
	UseFIPS      bool
	UseDualStack bool
}

// A partition is a group of regions that share their DNS suffixes. The values are those of the
// partitions file of @aws-sdk/core 3.981.0; the service's own model is older and has no dual-stack
// endpoints in aws-iso and aws-iso-b.
type partition struct {
	prefix          string // of the names of its regions
	global          string // its pseudo-region
	suffix          string
	dualStackSuffix string
	plainFIPS       bool // the plain host is the FIPS host
}

var partitions = []partition{
	{prefix: "cn-", global: "aws-cn-global", suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn"},
	{prefix: "us-gov-", global: "aws-us-gov-global", suffix: "amazonaws.com", dualStackSuffix: "api.aws", plainFIPS: true},
	{prefix: "us-iso-", global: "aws-iso-global", suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov"},
	{prefix: "us-isob-", global: "aws-iso-b-global", suffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud"},
	{prefix: "eu-isoe-", global: "aws-iso-e-global", suffix: "cloud.adc-e.uk", dualStackSuffix: "api.cloud-aws.adc-e.uk"},
	{prefix: "us-isof-", global: "aws-iso-f-global", suffix: "csp.hci.ic.gov", dualStackSuffix: "api.aws.hci.ic.gov"},
	{prefix: "eusc-de-", global: "aws-eusc-global", suffix: "amazonaws.eu", dualStackSuffix: "api.amazonwebservices.eu"},
}

// standard is the partition of all other regions, including unknown ones.
var standard = partition{suffix: "amazonaws.com", dualStackSuffix: "api.aws"}

// Resolve returns the service's URL.
func Resolve(p Params) (string, error) {
	if p.Region == "" {
		return "", errors.New("Invalid Configuration: Missing Region") //nolint:staticcheck // the rule set's own text
	}
	in := partitionOf(p.Region)
	host, suffix := "participant.connect", in.suffix
	if p.UseDualStack {
		suffix = in.dualStackSuffix
	}
	if p.UseFIPS && (!in.plainFIPS || p.UseDualStack) {
		host = "participant.connect-fips"
	}
	return "https://" + host + "." + p.Region + "." + suffix, nil
}

func partitionOf(region string) partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) || region == p.global {
			return p
		}
	}
	return standard
}

// Region splits a configured region into its name and the FIPS flag: fips-X, X-fips and X-fips-Y
// mean X and X-Y with FIPS endpoints. An empty name stays empty.
func Region(configured string) (region string, fips bool, err error) {
	region = withoutFIPS.Replace(configured)
	if configured != "" && !isHostLabel(region) {
		return "", false, fmt.Errorf("region %q is not a host label", configured)
	}
	return region, region != configured, nil
}

var withoutFIPS = strings.NewReplacer("-fips-", "-", "fips-", "", "-fips", "")

// isHostLabel reports whether s is valid as one label of a host name; otherwise a region could send
// the request to another host.
func isHostLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}
