// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/endpoint"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		region    string
		plain     string
		fips      string
		dualStack string
		both      string
	}{
		{
			"aws", "us-east-1",
			"participant.connect.us-east-1.amazonaws.com", "participant.connect-fips.us-east-1.amazonaws.com",
			"participant.connect.us-east-1.api.aws", "participant.connect-fips.us-east-1.api.aws",
		},
		{
			"aws outside the United States", "ap-southeast-2",
			"participant.connect.ap-southeast-2.amazonaws.com", "participant.connect-fips.ap-southeast-2.amazonaws.com",
			"participant.connect.ap-southeast-2.api.aws", "participant.connect-fips.ap-southeast-2.api.aws",
		},
		{
			"aws-cn", "cn-north-1",
			"participant.connect.cn-north-1.amazonaws.com.cn", "participant.connect-fips.cn-north-1.amazonaws.com.cn",
			"participant.connect.cn-north-1.api.amazonwebservices.com.cn", "participant.connect-fips.cn-north-1.api.amazonwebservices.com.cn",
		},
		{
			"aws-us-gov has FIPS on its plain host", "us-gov-west-1",
			"participant.connect.us-gov-west-1.amazonaws.com", "participant.connect.us-gov-west-1.amazonaws.com",
			"participant.connect.us-gov-west-1.api.aws", "participant.connect-fips.us-gov-west-1.api.aws",
		},
		{
			"aws-iso", "us-iso-east-1",
			"participant.connect.us-iso-east-1.c2s.ic.gov", "participant.connect-fips.us-iso-east-1.c2s.ic.gov",
			"participant.connect.us-iso-east-1.api.aws.ic.gov", "participant.connect-fips.us-iso-east-1.api.aws.ic.gov",
		},
		{
			"aws-iso-b", "us-isob-east-1",
			"participant.connect.us-isob-east-1.sc2s.sgov.gov", "participant.connect-fips.us-isob-east-1.sc2s.sgov.gov",
			"participant.connect.us-isob-east-1.api.aws.scloud", "participant.connect-fips.us-isob-east-1.api.aws.scloud",
		},
		{
			"aws-iso-e", "eu-isoe-west-1",
			"participant.connect.eu-isoe-west-1.cloud.adc-e.uk", "participant.connect-fips.eu-isoe-west-1.cloud.adc-e.uk",
			"participant.connect.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "participant.connect-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
		},
		{
			"aws-iso-f", "us-isof-south-1",
			"participant.connect.us-isof-south-1.csp.hci.ic.gov", "participant.connect-fips.us-isof-south-1.csp.hci.ic.gov",
			"participant.connect.us-isof-south-1.api.aws.hci.ic.gov", "participant.connect-fips.us-isof-south-1.api.aws.hci.ic.gov",
		},
		{
			"aws-eusc", "eusc-de-east-1",
			"participant.connect.eusc-de-east-1.amazonaws.eu", "participant.connect-fips.eusc-de-east-1.amazonaws.eu",
			"participant.connect.eusc-de-east-1.api.amazonwebservices.eu", "participant.connect-fips.eusc-de-east-1.api.amazonwebservices.eu",
		},
		{
			"an unknown region falls back to aws", "moon-base-7",
			"participant.connect.moon-base-7.amazonaws.com", "participant.connect-fips.moon-base-7.amazonaws.com",
			"participant.connect.moon-base-7.api.aws", "participant.connect-fips.moon-base-7.api.aws",
		},
		{
			"a region that only resembles another partition's falls back to aws", "us-isox-east-1",
			"participant.connect.us-isox-east-1.amazonaws.com", "participant.connect-fips.us-isox-east-1.amazonaws.com",
			"participant.connect.us-isox-east-1.api.aws", "participant.connect-fips.us-isox-east-1.api.aws",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, variant := range []struct {
				name            string
				fips, dualStack bool
				want            string
			}{
				{"plain", false, false, test.plain},
				{"FIPS", true, false, test.fips},
				{"dual-stack", false, true, test.dualStack},
				{"FIPS and dual-stack", true, true, test.both},
			} {
				got, err := endpoint.Resolve(endpoint.Params{Region: test.region, UseFIPS: variant.fips, UseDualStack: variant.dualStack})
				require.NoError(t, err, variant.name)
				require.Equal(t, "https://"+variant.want, got, variant.name)
			}
		})
	}
}

func TestResolvePseudoRegions(t *testing.T) {
	t.Parallel()
	for region, suffix := range map[string]string{
		"aws-global":        "amazonaws.com",
		"aws-cn-global":     "amazonaws.com.cn",
		"aws-us-gov-global": "amazonaws.com",
		"aws-iso-global":    "c2s.ic.gov",
		"aws-iso-b-global":  "sc2s.sgov.gov",
		"aws-iso-e-global":  "cloud.adc-e.uk",
		"aws-iso-f-global":  "csp.hci.ic.gov",
		"aws-eusc-global":   "amazonaws.eu",
	} {
		got, err := endpoint.Resolve(endpoint.Params{Region: region})
		require.NoError(t, err, region)
		require.Equal(t, "https://participant.connect."+region+"."+suffix, got)
	}
	got, err := endpoint.Resolve(endpoint.Params{Region: "aws-us-gov-global", UseFIPS: true})
	require.NoError(t, err)
	require.Equal(t, "https://participant.connect.aws-us-gov-global.amazonaws.com", got)
}

func TestResolveWithoutRegion(t *testing.T) {
	t.Parallel()
	for _, params := range []endpoint.Params{{}, {UseFIPS: true}, {UseDualStack: true}, {UseFIPS: true, UseDualStack: true}} {
		got, err := endpoint.Resolve(params)
		require.EqualError(t, err, "Invalid Configuration: Missing Region")
		require.Empty(t, got)
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		configured string
		want       string
		fips       bool
	}{
		{"an empty region stays empty", "", "", false},
		{"a plain region is kept", "us-east-1", "us-east-1", false},
		{"a prefix fips- selects FIPS", "fips-us-east-1", "us-east-1", true},
		{"a suffix -fips selects FIPS", "us-gov-west-1-fips", "us-gov-west-1", true},
		{"both select FIPS", "fips-us-east-1-fips", "us-east-1", true},
		{"an infix -fips- selects FIPS", "us-iso-fips-east-1", "us-iso-east-1", true},
		{"fips in all three places selects FIPS", "fips-us-fips-east-1-fips", "us-east-1", true},
		{"a word that only contains fips selects nothing", "us-afipsa-1", "us-afipsa-1", false},
		{"a region may be unknown", "moon-base-7", "moon-base-7", false},
		{"a region may have upper-case letters", "US-East-1", "US-East-1", false},
		{"63 characters are a host label", strings.Repeat("a", 63), strings.Repeat("a", 63), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			region, fips, err := endpoint.Region(test.configured)
			require.NoError(t, err)
			require.Equal(t, test.want, region)
			require.Equal(t, test.fips, fips)
			if region == "" {
				return
			}
			address, err := endpoint.Resolve(endpoint.Params{Region: region})
			require.NoError(t, err)
			parsed, err := url.Parse(address)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(parsed.Host, "participant.connect."+region+"."), parsed.Host)
		})
	}
}

func TestRegionThatIsNotAHostLabel(t *testing.T) {
	t.Parallel()
	for _, configured := range []string{
		"us-east-1.evil.com", "a/b", "a?b", "a#b", "a@b", "evil.com/", "evil.com#", "us-east-1:443", "a b", " us-east-1", "us-east-1\n", "a\x00b", "a%2eb",
		"us_east_1", "ü", "us-east-1\u3002evil", "-a", "a-", "-", ".", "fips-", "-fips", "fips--a", "-fips-", "a.b-fips-c", "fips-a.b", "a.b-fips", strings.Repeat("a", 64),
		"fips-" + strings.Repeat("a", 64),
	} {
		region, fips, err := endpoint.Region(configured)
		require.ErrorContains(t, err, "is not a host label", "%q", configured)
		require.Empty(t, region)
		require.False(t, fips)
	}
}
