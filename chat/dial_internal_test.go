// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

func TestMadeIsExactOrEarlier(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 1, 1, 10, 0, 0, 950e6, time.UTC)
	expiry := aws.String(created.Add(24 * time.Hour).Format("2006-01-02T15:04:05.000Z"))
	date := func(later time.Duration) time.Time { return created.Add(later).Truncate(time.Second) }
	require.Equal(t, created, made(date(0), expiry))
	require.Equal(t, created, made(date(60*time.Millisecond), expiry), "the response is of the next second")
	hour := aws.String(created.Add(time.Hour).Format(time.RFC3339))
	require.Equal(t, date(0), made(date(0), hour), "the token is valid for an hour")
	require.Equal(t, date(0), made(date(0), nil))
}
