// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

func TestWithMember(t *testing.T) {
	t.Parallel()
	got := inEveryForm(t, func(optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
		return newClient(nil, optFns...)
	}, func(client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) string {
		var body string
		send := func(o *connectparticipant.Options) {
			o.HTTPClient = &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				body = describeRequest(t, r)
				return newResponse(200, `{}`), nil
			})}
		}
		_, err := sendHello(t.Context(), client, append(optFns, send,
			connectparticipant.WithMember("Priority", "HIGH"), connectparticipant.WithMember(`a "new" one`, map[string]any{"Nested": []int{1, 2}}),
			connectparticipant.WithMember("Nothing", nil))...)
		require.NoError(t, err)
		return body
	})
	require.Contains(t, got, `"ContentType":"text/plain","Priority":"HIGH","a \"new\" one":{"Nested":[1,2]},"Nothing":null}`)
}

func TestWithMemberReportsInvalidMembers(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return newResponse(200, `{}`), nil
	})
	_, err := sendHello(t.Context(), client, connectparticipant.WithMember("Content", "other"))
	require.ErrorContains(t, err, `member "Content" is set twice`)
	var operation *smithy.OperationError
	require.ErrorAs(t, err, &operation)
	_, err = sendHello(t.Context(), client, connectparticipant.WithMember("New", 1), connectparticipant.WithMember("New", 1))
	require.ErrorContains(t, err, `member "New" is set twice`)
	_, err = sendHello(t.Context(), client, connectparticipant.WithMember("New", math.NaN()))
	require.ErrorContains(t, err, `encode member "New"`)
	_, err = client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("view")},
		connectparticipant.WithMember("New", 1))
	require.ErrorContains(t, err, `member "New" can't be sent: the request has no body`)
}

// A member of one call is not sent with the next call.
func TestWithMemberAppliesToOneCall(t *testing.T) {
	t.Parallel()
	var bodies []string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		bodies = append(bodies, describeRequest(t, r))
		return newResponse(200, `{}`), nil
	})
	option := connectparticipant.WithMember("New", true)
	for _, optFns := range [][]func(*connectparticipant.Options){{option}, nil, {option}, {noRetries}} {
		_, err := sendHello(t.Context(), client, optFns...)
		require.NoError(t, err)
	}
	for i, body := range bodies {
		require.Equal(t, i%2 == 0, strings.Contains(body, `"New":true`), "%d", i)
	}
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
}

func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	client := newClient(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/transcript") {
			return newResponse(200, `{"InitialContactId":"c","Transcript":[{"Id":"1"},{"Id":"2","Language":"de","MessageMetadata":{"MessageId":"2","New":[{"Id":1}]}}],"Summary":{"Transcript":"x"},"Null":null}`), nil
		}
		return newResponse(200, `{"Id":"item-1","Priority":{"Level":3,"Id":"secret"},"MessageMetadata":{"MessageProcessingStatus":"PROCESSING","Why":"x"}}`), nil
	})
	out, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, map[string]json.RawMessage{
		"Priority":            json.RawMessage(`{"Level":3,"Id":"secret"}`),
		"MessageMetadata.Why": json.RawMessage(`"x"`),
	}, connectparticipant.UnknownMembers(out.ResultMetadata))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, out.ResultMetadata), "secret")
		require.NotContains(t, fmt.Sprintf(verb, out), "secret")
	}
	page, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: aws.String(connectionToken)})
	require.NoError(t, err)
	require.Equal(t, map[string]json.RawMessage{
		"Transcript[1].Language":            json.RawMessage(`"de"`),
		"Transcript[1].MessageMetadata.New": json.RawMessage(`[{"Id":1}]`),
		"Summary":                           json.RawMessage(`{"Transcript":"x"}`),
		"Null":                              json.RawMessage(`null`),
	}, connectparticipant.UnknownMembers(page.ResultMetadata))
}

func TestNoUnknownMembers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"none":              `{"Id":"item-1","AbsoluteTime":null}`,
		"empty":             ``,
		"larger than 1 MiB": `{"Id":"item-1","New":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, body), nil })
		out, err := sendHello(t.Context(), client)
		require.NoError(t, err, name)
		members := connectparticipant.UnknownMembers(out.ResultMetadata)
		require.NotNil(t, members, name)
		require.Empty(t, members, name)
	}
}

func TestLogHidesUnknownMembers(t *testing.T) {
	t.Parallel()
	var log buffer
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{"New":"made-up secret"}`), nil },
		func(o *connectparticipant.Options) {
			o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), logEverything
		})
	_, err := sendHello(t.Context(), client, connectparticipant.WithMember("Pin", "made-up secret"))
	require.NoError(t, err)
	require.Contains(t, log.text.String(), `"Pin"`)
	require.NotContains(t, log.text.String(), "made-up secret")
}
