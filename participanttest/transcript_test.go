// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// numbered is a chat whose transcript holds the messages m0 to m11 and nothing else.
func numbered(t *testing.T, optFns ...func(*participanttest.ChatOptions)) (b bench, all []object) {
	t.Helper()
	srv := participanttest.Start(t)
	contact := srv.NewChat(optFns...)
	for i := range 12 {
		contact.Agent.Say(fmt.Sprint("m", i))
	}
	out := ok(t, srv, "/participant/connection", contact.Agent.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`)
	b = bench{srv: srv, contact: contact, agent: out["ConnectionCredentials"].(object)["ConnectionToken"].(string)}
	return b, transcript(t, b, oldestFirst)
}

// texts of a transcript without the leading m, such as "3 4 5".
func texts(list []object) string {
	var out []string
	for _, it := range list {
		text, _ := it["Content"].(string)
		out = append(out, strings.TrimPrefix(text, "m"))
	}
	return strings.Join(out, " ")
}

// pages follows NextToken to the end and returns the texts of each page.
func pages(t *testing.T, b bench, query object) []string {
	t.Helper()
	var out []string
	for {
		var pairs []any
		for name, value := range query {
			pairs = append(pairs, name, value)
		}
		page := ok(t, b.srv, "/participant/transcript", b.agent, body(t, pairs...))
		out = append(out, texts(items(page)))
		next, more := page["NextToken"]
		if !more {
			return out
		}
		query["NextToken"] = next
	}
}

func TestTranscriptScans(t *testing.T) {
	t.Parallel()
	b, all := numbered(t)
	id := object{"Id": all[4]["Id"]}
	at := object{"AbsoluteTime": all[4]["AbsoluteTime"]}
	recent := object{"MostRecent": 8} // m4 as well
	type query = object
	for name, c := range map[string]struct {
		query query
		want  []string
	}{
		"nothing asked":               {query{}, []string{"11 10 9 8 7 6 5 4 3 2", "1 0"}},
		"zero page size":              {query{"MaxResults": 0}, []string{"11 10 9 8 7 6 5 4 3 2", "1 0"}},
		"ascending":                   {query{"SortOrder": "ASCENDING"}, []string{"2 3 4 5 6 7 8 9 10 11", "0 1"}},
		"empty start":                 {query{"ScanDirection": "BACKWARD", "StartPosition": object{}}, []string{"11 10 9 8 7 6 5 4 3 2", "1 0"}},
		"exact last page":             {query{"MaxResults": 6}, []string{"11 10 9 8 7 6", "5 4 3 2 1 0"}},
		"all on a page":               {query{"MaxResults": 12}, []string{"11 10 9 8 7 6 5 4 3 2 1 0"}},
		"id, default":                 {query{"StartPosition": id, "MaxResults": 5}, []string{"8 7 6 5 4", "11 10 9"}},
		"id, forward, desc":           {query{"StartPosition": id, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "DESCENDING"}, []string{"8 7 6 5 4", "11 10 9"}},
		"id, forward, asc":            {query{"StartPosition": id, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "ASCENDING"}, []string{"4 5 6 7 8", "9 10 11"}},
		"id, backward, desc":          {query{"StartPosition": id, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "DESCENDING"}, []string{"4 3 2", "1 0"}},
		"id, backward, asc":           {query{"StartPosition": id, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING"}, []string{"2 3 4", "0 1"}},
		"time, forward, asc":          {query{"StartPosition": at, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "ASCENDING"}, []string{"4 5 6 7 8", "9 10 11"}},
		"time, forward, desc":         {query{"StartPosition": at, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "DESCENDING"}, []string{"8 7 6 5 4", "11 10 9"}},
		"time, backward, asc":         {query{"StartPosition": at, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING"}, []string{"2 3 4", "0 1"}},
		"time, backward, desc":        {query{"StartPosition": at, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "DESCENDING"}, []string{"4 3 2", "1 0"}},
		"most recent, forward, asc":   {query{"StartPosition": recent, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "ASCENDING"}, []string{"4 5 6 7 8", "9 10 11"}},
		"most recent, forward, desc":  {query{"StartPosition": recent, "MaxResults": 5, "ScanDirection": "FORWARD", "SortOrder": "DESCENDING"}, []string{"8 7 6 5 4", "11 10 9"}},
		"most recent, backward, asc":  {query{"StartPosition": recent, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING"}, []string{"2 3 4", "0 1"}},
		"most recent, backward, desc": {query{"StartPosition": recent, "MaxResults": 3, "ScanDirection": "BACKWARD", "SortOrder": "DESCENDING"}, []string{"4 3 2", "1 0"}},
		"more recent than there are":  {query{"StartPosition": object{"MostRecent": 100}, "ScanDirection": "BACKWARD"}, []string{"0"}},
		"time before all":             {query{"StartPosition": object{"AbsoluteTime": "2001-01-01T00:00:00Z"}, "ScanDirection": "BACKWARD"}, []string{""}},
		"time after all":              {query{"StartPosition": object{"AbsoluteTime": "2999-01-01T00:00:00.000Z"}}, []string{""}},
		"time with an offset":         {query{"StartPosition": object{"AbsoluteTime": "2999-01-01T00:00:00+01:00"}, "ScanDirection": "BACKWARD", "MaxResults": 12}, []string{"11 10 9 8 7 6 5 4 3 2 1 0"}},
		"own contact":                 {query{"ContactId": b.contact.ID, "MaxResults": 12}, []string{"11 10 9 8 7 6 5 4 3 2 1 0"}},
		"foreign contact":             {query{"ContactId": "11111111-2222-3333-4444-555555555555"}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, pages(t, b, c.query))
		})
	}
}

func TestEmptyTranscriptIsAnEmptyList(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	out := ok(t, srv, "/participant/connection", contact.Agent.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`)
	a := post(t, srv, "/participant/transcript", out["ConnectionCredentials"].(object)["ConnectionToken"].(string), "{}")
	require.Equal(t, `{"InitialContactId":"`+contact.ID+`","Transcript":[]}`, string(a.body))
}

func TestTranscriptQueriesThatAreRefused(t *testing.T) {
	t.Parallel()
	b, all := numbered(t)
	id := all[0]["Id"].(string)
	const parameter = "Validation exception due to invalid parameter"
	for name, c := range map[string]struct{ query, message string }{
		"forward without start":    {`{"ScanDirection":"FORWARD"}`, parameter},
		"forward with empty start": {`{"ScanDirection":"FORWARD","StartPosition":{}}`, parameter},
		"forward with zero start":  {`{"ScanDirection":"FORWARD","StartPosition":{"MostRecent":0}}`, parameter},
		"unknown start":            {`{"StartPosition":{"Id":"no-such-item"}}`, parameter},
		"two starts":               {`{"StartPosition":{"Id":"` + id + `","MostRecent":1}}`, parameter},
		"bad time":                 {`{"StartPosition":{"AbsoluteTime":"yesterday"}}`, parameter},
		"garbage token":            {`{"NextToken":"garbage"}`, parameter},
		"token of nothing":         {`{"NextToken":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, parameter},
		"empty token":              {`{"NextToken":""}`, "'NextToken'"},
		"too many":                 {`{"MaxResults":101}`, "'MaxResults'"},
		"negative":                 {`{"MaxResults":-1}`, "'MaxResults'"},
		"fraction":                 {`{"MaxResults":1.5}`, "'MaxResults'"},
		"too recent":               {`{"StartPosition":{"MostRecent":101}}`, "'StartPosition.MostRecent'"},
		"empty start id":           {`{"StartPosition":{"Id":""}}`, "'StartPosition.Id'"},
		"start that is a list":     {`{"StartPosition":[]}`, "'StartPosition'"},
		"unknown direction":        {`{"ScanDirection":"SIDEWAYS"}`, "'ScanDirection'"},
		"unknown order":            {`{"SortOrder":"RANDOM"}`, "'SortOrder'"},
		"empty contact":            {`{"ContactId":""}`, "'ContactId'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, post(t, b.srv, "/participant/transcript", b.agent, c.query), http.StatusBadRequest, "ValidationException", c.message)
		})
	}
}

func TestNextTokenIsValidForItsQueryOnly(t *testing.T) {
	t.Parallel()
	b, _ := numbered(t)
	other, _ := numbered(t)
	token := ok(t, b.srv, "/participant/transcript", b.agent, `{"MaxResults":3}`)["NextToken"].(string)
	next := ok(t, b.srv, "/participant/transcript", b.agent, body(t, "NextToken", token, "MaxResults", 2))
	require.Equal(t, "8 7", texts(items(next)), "another page size")
	for _, query := range []string{
		body(t, "NextToken", token, "SortOrder", "ASCENDING"),
		body(t, "NextToken", token, "StartPosition", object{"MostRecent": 1}),
		body(t, "NextToken", token, "ContactId", b.contact.ID),
		body(t, "NextToken", token[1:]),
	} {
		a := post(t, b.srv, "/participant/transcript", b.agent, query)
		refused(t, a, http.StatusBadRequest, "ValidationException", "invalid parameter")
	}
	a := post(t, other.srv, "/participant/transcript", other.agent, body(t, "NextToken", token))
	refused(t, a, http.StatusBadRequest, "ValidationException", "invalid parameter")
}

func TestPagingIsStableWhileItemsArrive(t *testing.T) {
	t.Parallel()
	b, _ := numbered(t)
	first := ok(t, b.srv, "/participant/transcript", b.agent, `{"MaxResults":6}`)
	b.contact.Agent.Say("m12")
	second := ok(t, b.srv, "/participant/transcript", b.agent, body(t, "MaxResults", 6, "NextToken", first["NextToken"]))
	require.Equal(t, "5 4 3 2 1 0", texts(items(second)))
}

func withPast(o *participanttest.ChatOptions) {
	o.Past = []participanttest.PastMessage{
		{Content: "p0", DisplayName: "Ada"},
		{Content: "p1", Role: "AGENT", ContentType: "text/markdown"},
	}
}

func TestPastContactFollowsABackwardScanByTokenOnly(t *testing.T) {
	t.Parallel()
	b, current := numbered(t, withPast)
	require.Len(t, current, 12, "a first page stops at the current contact")
	require.Equal(t, []string{"11 10 9 8 7 6 5", "4 3 2 1 0 p1 p0"}, pages(t, b, object{"MaxResults": 7}))
	require.Equal(t, []string{"11 10 9 8 7 6 5 4 3 2 1 0", "p1 p0"}, pages(t, b, object{"MaxResults": 100}))
	require.Equal(t, []string{"0 1 2 3 4 5 6 7 8 9 10 11"}, pages(t, b, object{
		"MaxResults": 100, "SortOrder": "ASCENDING", "StartPosition": object{"AbsoluteTime": "2001-01-01T00:00:00Z"},
	}))
	require.Equal(t, []string{""}, pages(t, b, object{"ContactId": b.contact.PastID}))
}

func TestItemsOfThePastContact(t *testing.T) {
	t.Parallel()
	b, _ := numbered(t, withPast)
	first := ok(t, b.srv, "/participant/transcript", b.agent, `{"MaxResults":12}`)
	past := items(ok(t, b.srv, "/participant/transcript", b.agent, body(t, "NextToken", first["NextToken"])))
	require.Len(t, past, 2)
	require.WithinDuration(t, time.Now().Add(-24*time.Hour), parse(t, past[1]["AbsoluteTime"]), time.Minute)
	require.Equal(t, []any{"text/markdown", "text/plain"}, column(past, "ContentType"))
	require.Equal(t, []any{"AGENT", "CUSTOMER"}, column(past, "ParticipantRole"))
	require.Equal(t, []any{nil, "Ada"}, column(past, "DisplayName"))
	require.Equal(t, []any{b.contact.PastID, b.contact.PastID}, column(past, "RelatedContactId"))
	require.NotContains(t, past[0], "ContactId")
	a := post(t, b.srv, "/participant/transcript", b.agent, body(t, "StartPosition", object{"Id": past[0]["Id"]}))
	refused(t, a, http.StatusBadRequest, "ValidationException", "invalid parameter")
}
