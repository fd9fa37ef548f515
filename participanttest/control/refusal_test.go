// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvalidInputIsRefusedByName(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	customer := a.chat + "/participants/customer"
	for name, c := range map[string]struct {
		call    string
		body    any
		message string
	}{
		"no JSON":               {"POST chats", `{`, "the body is JSON that ends too early"},
		"no object":             {"POST chats", `[]`, "the body must be an object, not an array"},
		"two objects":           {"POST chats", `{} {}`, "the body must be one JSON value"},
		"unknown member":        {"POST chats", object{"Colour": "red"}, `the body has no member "Colour"`},
		"unknown inner":         {"POST faults", object{"Effect": object{"Name": "Lose", "Colour": 1}}, `Effect has no member "Colour"`},
		"member of no route":    {"POST " + customer + "/typing", object{"Content": "x"}, `the body has no member "Content"`},
		"unknown query":         {"GET requests?operation=SendMessage", nil, `unknown query parameter "operation"`},
		"query without":         {"GET chats?Limit=1", nil, `unknown query parameter "Limit"`},
		"wrong type":            {"POST chats", object{"CustomerName": 1}, "CustomerName must be a string, not a number"},
		"wrong inner type":      {"POST chats", object{"Past": []object{{"Content": 1}}}, "Past[0].Content must be a string, not a number"},
		"verdict":               {"POST chats", object{"ScanVerdict": "MAYBE"}, "ScanVerdict must be"},
		"role of the past":      {"POST chats", object{"Past": []object{{"Role": "GHOST"}}}, "Past.Role must be"},
		"processor":             {"POST chats", object{"Processor": object{"Status": "LOST"}}, "Processor.Status must be"},
		"negative delay":        {"POST chats", object{"ScanDelayInSeconds": -1}, "ScanDelayInSeconds must be"},
		"endless delay":         {"POST chats", object{"ProcessingDelayInSeconds": 1e300}, "ProcessingDelayInSeconds must be"},
		"no role":               {"POST " + a.chat + "/participants", object{"DisplayName": "x"}, "ParticipantRole is required"},
		"no name":               {"POST " + a.chat + "/participants", object{"ParticipantRole": "AGENT"}, "DisplayName is required"},
		"invite, no name":       {"POST " + a.chat + "/invite", nil, "DisplayName is required"},
		"transfer, no name":     {"POST " + a.chat + "/transfer", object{"DisplayName": ""}, "DisplayName must not"},
		"rename to nothing":     {"POST " + customer + "/rename", nil, "DisplayName is required"},
		"no content":            {"POST " + customer + "/messages", nil, "Content must not"},
		"content and chunks":    {"POST " + customer + "/messages", object{"Content": "x", "Chunks": []string{"y"}}, "Chunks can't be used with"},
		"receipt for nothing":   {"POST " + customer + "/mark-read", nil, "MessageId is required"},
		"file without a name":   {"POST " + customer + "/files", object{"ContentType": "text/plain"}, "AttachmentName is required"},
		"file of no type":       {"POST " + customer + "/files", object{"AttachmentName": "a.txt"}, "ContentType is required"},
		"file with two":         {"POST " + customer + "/files", object{"AttachmentName": "a", "ContentType": "b", "Content": "c", "ContentInBase64": "ZA=="}, "not both"},
		"file that isn't":       {"POST " + customer + "/files", object{"ContentInBase64": "!"}, "ContentInBase64 must be in Base64"},
		"close code":            {"POST " + customer + "/close-sockets", object{"Code": 99}, "Code must be 0"},
		"close reason":          {"POST " + customer + "/close-sockets", object{"Code": 1000, "Reason": strings.Repeat("x", 124)}, "Reason must have"},
		"visibility":            {"POST " + a.chat + "/publish", object{"Item": object{}, "Visibility": "NONE"}, "Visibility must be"},
		"outcome":               {"POST " + a.chat + "/authentications/complete", object{"SessionId": "x", "Outcome": "maybe"}, "Outcome must be"},
		"wait for no count":     {"POST " + customer + "/wait-sockets", nil, "Count is required"},
		"wait for less":         {"POST " + customer + "/wait-sockets", object{"Count": -1}, "Count must be 0 or more"},
		"wait too long":         {"POST " + customer + "/wait-sockets", object{"Count": 1, "TimeoutInSeconds": 301}, "TimeoutInSeconds must be"},
		"wait for nothing":      {"POST requests/wait", object{"Count": 1}, "Operation is required"},
		"count nothing":         {"GET requests/count", nil, "Operation must be one of CancelParticipantAuthentication, "},
		"count a misspelling":   {"GET requests/count?Operation=SendMesage", nil, "Operation must be one of CancelParticipantAuthentication, "},
		"own misspelling":       {"GET " + customer + "/requests/count?Operation=upload", nil, "ConfirmSubscription"},
		"wait for misspelling":  {"POST requests/wait", object{"Operation": "sendMessage", "Count": 1}, "Operation must be one of"},
		"wait for own":          {"POST " + customer + "/requests/wait", object{"Operation": "push", "Count": 1}, "Operation must be one of"},
		"list a misspelling":    {"GET requests?Operation=SendMesage", nil, "Operation must be one of"},
		"whose customer":        {"GET requests?ParticipantId=customer", nil, "ParticipantId customer needs the ContactId of its chat"},
		"fault of no effect":    {"POST faults", object{"On": "SendMessage"}, "Effect is required"},
		"unknown effect":        {"POST faults", object{"Effect": object{"Name": "Explode"}}, `"Explode" is not one of`},
		"fault elsewhere":       {"POST faults", object{"On": "SendMesage", "Effect": object{"Name": "Lose"}}, "On must be absent, for every operation, or one of"},
		"fault without effect":  {"POST faults", object{"On": "SendMessage", "Effect": object{"Name": "Lose"}}, "Effect Lose doesn't work on SendMessage, only on push, publish"},
		"fault everywhere":      {"POST faults", object{"Effect": object{"Name": "Lag", "DelayInSeconds": 1}}, "Effect Lag doesn't work on operations, only on transcript"},
		"failure of a push":     {"POST faults", object{"On": "push", "Effect": object{"Name": "Fail", "Status": 500}}, "Effect Fail doesn't work on push, only on operations, "},
		"failure without code":  {"POST faults", object{"Effect": object{"Name": "Fail", "Status": 503}}, "needs a Code for Status 503"},
		"failure with 200":      {"POST faults", object{"Effect": object{"Name": "Fail", "Status": 200, "Code": "x"}}, "Status must be from 400 to 599"},
		"fault by chance":       {"POST faults", object{"Chance": 2, "Effect": object{"Name": "Ignore"}}, "Chance must be"},
		"fault never":           {"POST faults", object{"Times": -1, "Effect": object{"Name": "Ignore"}}, "Times must be"},
		"fault of no chat":      {"POST faults", object{"ContactId": "x", "Effect": object{"Name": "Ignore"}}, "ContactId must be that of a chat"},
		"fault, no participant": {"POST faults", object{"ContactId": a.id, "ParticipantId": "x", "Effect": object{"Name": "Ignore"}}, "ParticipantId must be that of a"},
		"fault without chat":    {"POST faults", object{"ParticipantId": "customer", "Effect": object{"Name": "Ignore"}}, "needs the ContactId"},
		"clock backwards":       {"POST clock/advance", object{"Seconds": -1}, "Seconds must be"},
		"clock by nothing":      {"POST clock/advance", object{}, "Seconds is required"},
		"frame of no text":      {"POST " + a.chat + "/push-frame", nil, "Text is required"},
		"name in another case":  {"POST chats", object{"customername": "Ada"}, `the body has no member "customername", but "CustomerName"`},
		"member twice":          {"POST clock/advance", `{"Seconds":1,"Seconds":2}`, "Seconds is given twice"},
		"null":                  {"POST chats", object{"CustomerName": nil}, "CustomerName must be a string, not null"},
		"null for an object":    {"POST chats", object{"Processor": nil}, "Processor must be an object, not null"},
		"effect's case":         {"POST faults", `{"Effect":{"name":"Ignore"}}`, `Effect has no member "name", but "Name"`},
		"effect's status":       {"POST faults", `{"Effect":{"Name":"Respond","Status":"500"}}`, "Effect.Status must be a number, not a string"},
		"no effect":             {"POST faults", `{"Effect":null}`, "Effect must not be null"},
		"query twice":           {"GET requests?Operation=SendMessage&Operation=SendEvent", nil, `query parameter "Operation" is given twice`},
		"SNS of no URL":         {"GET sns?Url=%3A", nil, "Url must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, a.refused(t, http.StatusBadRequest, c.call, c.body), c.message)
		})
	}
}

func TestUnknownIDsAreNotFound(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for call, message := range map[string]string{
		"GET chats/x":                                    "no such chat",
		"POST chats/x/end":                               "no such chat",
		"GET chats/x/participants/customer":              "no such chat",
		"POST " + a.chat + "/participants/x/say":         "is not a path",
		"GET " + a.chat + "/participants/x":              "no such participant",
		"GET faults/1":                                   "no such fault",
		"DELETE faults/one":                              "no such fault",
		"POST streams/x/complete":                        "no such unfinished stream",
		"POST nothing":                                   "POST /_control/v1/nothing is not a path",
		"GET requests?ContactId=x":                       "no such chat",
		"GET requests?ParticipantId=x":                   "no such participant",
		"GET requests?ParticipantId=x&ContactId=" + a.id: "no such participant",
		"DELETE chats":                                   "DELETE /_control/v1/chats is not a path",
	} {
		require.Contains(t, a.refused(t, http.StatusNotFound, call, nil), message)
	}
	require.Contains(t, a.refused(t, http.StatusNotFound, "POST "+a.chat+"/authentications", object{"ParticipantId": "x"}), "no such participant")
}

// The methods of the fake do nothing then; the API returns an error.
func TestParticipantsWhoHaveLeftCannotAct(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bot := a.ok(t, "POST "+a.chat+"/participants", object{"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Bot"})["ParticipantId"].(string)
	stream := a.ok(t, "POST "+a.chat+"/participants/"+bot+"/streams", nil)["StreamId"].(string)
	a.ok(t, "POST "+a.chat+"/participants/"+bot+"/leave", nil)
	for _, call := range []string{"POST " + a.chat + "/participants/" + bot + "/typing", "POST streams/" + stream + "/complete"} {
		require.Equal(t, "the participant has left the chat", a.refused(t, http.StatusConflict, call, nil))
	}
	a.ok(t, "POST "+a.chat+"/end", nil)
	for call, body := range map[string]object{
		"/participants/customer/typing": nil, "/participants/customer/streams": nil, "/invite": {"DisplayName": "x"}, "/transfer": {"DisplayName": "x"},
		"/fail-transfer": nil, "/authentications": nil, "/authentications/complete": {"SessionId": "x", "Outcome": "failed"}, "/participants": {"ParticipantRole": "AGENT", "DisplayName": "x"},
	} {
		require.Equal(t, "the chat has ended", a.refused(t, http.StatusConflict, "POST "+a.chat+call, body), call)
	}
}

func TestALargeBodyIsRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	message := a.refused(t, http.StatusRequestEntityTooLarge, "POST chats", `"`+strings.Repeat("x", 33<<20)+`"`)
	require.Contains(t, message, "larger than 33554432 bytes")
}

func TestTheClockHasALimit(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for range 40 {
		if status, _ := a.call(t, "POST clock/advance", object{"Seconds": 315360000}); status != http.StatusOK {
			require.Equal(t, http.StatusBadRequest, status)
			require.Less(t, a.srv.Now().Year(), 2201)
			return
		}
	}
	require.Fail(t, "the clock went 400 years ahead")
}

func TestUnfinishedStreamsAreBounded(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	start := "POST " + a.chat + "/participants/agent/streams"
	for range 1000 {
		a.ok(t, start, nil)
	}
	require.Contains(t, a.refused(t, http.StatusConflict, start, nil), "1000 streamed messages are unfinished")
	a.ok(t, "POST "+a.chat+"/end", nil)
	a.chat = "chats/" + a.ok(t, "POST chats", nil)["ContactId"].(string)
	a.ok(t, "POST "+a.chat+"/participants/agent/streams", nil)
}

// routes are those of the document, with the ids of the chat in place.
func (a api) routes(t *testing.T) (calls []string) {
	t.Helper()
	for path, item := range a.ok(t, "GET openapi.json", nil)["paths"].(object) {
		path = strings.TrimPrefix(path, "/_control/v1/")
		path = strings.NewReplacer("{ContactId}", a.id, "{ParticipantId}", "customer", "{FaultId}", "1").Replace(path)
		for method := range item.(object) {
			if method != "parameters" {
				calls = append(calls, strings.ToUpper(method)+" "+path)
			}
		}
	}
	return calls
}

func TestNoInputBreaksAnything(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	bodies := []any{
		nil, `null`, `0`, `""`, `[]`, `{}`, `{"":0}`, "\xff", `{"Count":1e400}`, `{"Count":9223372036854775808}`,
		`{"Count":0,"Operation":"x","TimeoutInSeconds":0.001}`, `{"Effect":null}`, `{"Effect":{"Name":"Delay","DelayInSeconds":null}}`,
		`{"Past":[null]}`, `{"Processor":null}`, `{"Item":null,"Visibility":"ALL"}`, `{"Chunks":[]}`, `{"Text":"\u0000"}`, strings.Repeat("[", 100000),
	}
	for _, call := range a.routes(t) {
		for _, body := range bodies {
			if strings.HasPrefix(call, "GET ") && body != nil {
				continue
			}
			status, out := a.call(t, call, body)
			require.Less(t, status, 500, "%s %v: %v", call, body, out)
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	calls := a.routes(t)
	for n := range 4 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			for i := range calls {
				if call := calls[(i+n*7)%len(calls)]; !strings.Contains(call, "wait") {
					status, _ := a.call(t, call, nil)
					require.Less(t, status, 500, call)
				}
			}
		})
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	document := a.ok(t, "GET openapi.json", nil)
	require.Regexp(t, `^3\.1\.`, document["openapi"])
	text, err := json.Marshal(document)
	require.NoError(t, err)
	require.NotContains(t, string(text), a.srv.URL)
}
