// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"errors"
	"time"
)

// timeLayouts are the forms of ISO 8601 that the service has been seen to send. time.Parse also
// accepts fractions of a second that the layout doesn't have.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04",
}

// ParseTime parses a time of the service (AbsoluteTime, Expiry, UrlExpiry …): ISO 8601, with or
// without seconds and fractions; without a zone it is UTC. The service usually sends
// 2006-01-02T15:04:05.000Z. The result is in UTC.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("not a time of the form 2006-01-02T15:04:05.000Z")
}
