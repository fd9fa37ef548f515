// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

// tracers returns a provider and a function that returns its spans.
func tracers() (trace.TracerProvider, func() tracetest.SpanStubs) {
	exporter := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)), exporter.GetSpans
}

// tree formats the spans under a parent in the order of their start, one per line.
func tree(spans tracetest.SpanStubs, parent trace.SpanID, indent string) string {
	var children tracetest.SpanStubs
	for _, span := range spans {
		if span.Parent.SpanID() == parent {
			children = append(children, span)
		}
	}
	slices.SortStableFunc(children, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var lines strings.Builder
	for _, span := range children {
		fmt.Fprintf(&lines, "%s%s\n", indent, span.Name)
		lines.WriteString(tree(spans, span.SpanContext.SpanID(), indent+"  "))
	}
	return lines.String()
}

func named(spans tracetest.SpanStubs, name string) (found tracetest.SpanStubs) {
	for _, span := range spans {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

func attributes(span tracetest.SpanStub) map[string]string {
	values := map[string]string{}
	for _, kv := range span.Attributes {
		values[string(kv.Key)] = kv.Value.String()
	}
	return values
}

// requireNoSecrets checks for tokens, by the prefix of the fake's, and for message content.
func requireNoSecrets(t *testing.T, spans tracetest.SpanStubs) {
	t.Helper()
	text := fmt.Sprintf("%+v", spans)
	require.NotContains(t, text, "token.")
	require.NotContains(t, text, "Is anybody there?")
}

// threeCalls is the tree of talk, with the spans below each call.
func threeCalls(below string) string {
	tree := "talk\n"
	for _, name := range []string{"CreateParticipantConnection", "SendMessage", "SendMessage"} {
		tree += "  ConnectParticipant." + name + "\n" + below
	}
	return tree
}

// steps are the spans of a call with one attempt.
const steps = `    OperationSerializer
    RetryLoop
      Attempt
        ResolveEndpoint
        DoHTTPRequest
        OperationDeserializer
`

func TestSpansOfTheClient(t *testing.T) {
	t.Parallel()
	provider, ended := tracers()
	err := talk(t.Context(), provider.Tracer("test"), participanttest.Start(t), withProviders(provider, noop.NewMeterProvider()))
	require.NoError(t, err)
	spans := ended()
	require.Equal(t, threeCalls(steps), tree(spans, trace.SpanID{}, ""))
	requireNoSecrets(t, spans)

	sent := named(spans, "ConnectParticipant.SendMessage")
	require.Len(t, sent, 2)
	require.Equal(t, trace.SpanKindClient, sent[0].SpanKind)
	require.Equal(t, codes.Ok, sent[0].Status.Code)
	require.Equal(t, map[string]string{
		"error": "false", "rpc.system": "aws-api", "rpc.service": "ConnectParticipant", "rpc.method": "SendMessage",
	}, attributes(sent[0]))
	require.Equal(t, "github.com/participant-go/connectparticipant", sent[0].InstrumentationScope.Name)

	require.Equal(t, codes.Error, sent[1].Status.Code)
	refused := attributes(sent[1])
	require.Equal(t, "true", refused["error"])
	require.Equal(t, "AccessDeniedException", refused["api.error_code"])
	require.Equal(t, "client", refused["api.error_fault"])
	require.NotEmpty(t, attributes(named(spans, "Attempt")[0])["aws.request_id"])
}

func TestEachAttemptHasASpan(t *testing.T) {
	t.Parallel()
	provider, ended := tracers()
	srv := participanttest.Start(t)
	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(500, "InternalServerException")})
	instrument := withProviders(provider, noop.NewMeterProvider())
	err := talk(t.Context(), provider.Tracer("test"), srv, func(o *connectparticipant.Options) {
		instrument(o)
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	})
	require.NoError(t, err)
	spans := ended()
	require.Len(t, named(spans, "ConnectParticipant.SendMessage"), 2)
	require.Len(t, named(spans, "Attempt"), 4) // to connect, to send twice, to be refused
}

func TestSpansOfOtelaws(t *testing.T) {
	t.Parallel()
	provider, ended := tracers()
	err := talk(t.Context(), provider.Tracer("test"), participanttest.Start(t), withOtelaws(provider))
	require.NoError(t, err)
	spans := ended()
	require.Equal(t, threeCalls(""), tree(spans, trace.SpanID{}, ""))
	requireNoSecrets(t, spans)

	sent := named(spans, "ConnectParticipant.SendMessage")
	require.Len(t, sent, 2)
	for i, status := range []string{"200", "403"} {
		require.Equal(t, trace.SpanKindClient, sent[i].SpanKind)
		got := attributes(sent[i])
		require.Equal(t, "aws-api", got["rpc.system.name"])
		require.Equal(t, "ConnectParticipant/SendMessage", got["rpc.method"])
		require.Equal(t, "eu-west-2", got["aws.region"])
		require.Equal(t, status, got["http.response.status_code"])
		require.NotEmpty(t, got["aws.request_id"])
	}
	require.Equal(t, codes.Unset, sent[0].Status.Code)
	require.Equal(t, codes.Error, sent[1].Status.Code)
	require.Contains(t, sent[1].Status.Description, "AccessDeniedException")
}

func TestMetricsOfTheClient(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(durations()))
	provider := tracenoop.NewTracerProvider()
	require.NoError(t, talk(t.Context(), provider.Tracer("test"), participanttest.Start(t), withProviders(provider, meters)))
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	require.Len(t, collected.ScopeMetrics, 1)

	calls := map[string]uint64{}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if m.Name != "client.call.duration" {
			continue
		}
		require.Equal(t, "s", m.Unit)
		for _, point := range m.Data.(metricdata.ExponentialHistogram[float64]).DataPoints {
			method, _ := point.Attributes.Value(attribute.Key("rpc.method"))
			calls[method.AsString()] = point.Count
		}
	}
	require.Equal(t, map[string]uint64{"CreateParticipantConnection": 1, "SendMessage": 2}, calls)
}

func TestMetricsOfASession(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(durations()))
	require.NoError(t, listen(t.Context(), participanttest.Start(t), withMeters(meters)))
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	require.Len(t, collected.ScopeMetrics, 1)
	counts := map[string]int64{}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, point := range data.DataPoints {
				kind, _ := point.Attributes.Value("kind")
				counts[strings.TrimSpace(m.Name+" "+kind.AsString())] = point.Value
			}
		case metricdata.ExponentialHistogram[float64]:
			require.Equal(t, "s", m.Unit)
			require.NotEmpty(t, data.DataPoints, m.Name)
		}
	}
	require.EqualValues(t, 1, counts["chat.connects start"])
	require.EqualValues(t, 1, counts["chat.connects reconnect"])
	require.Contains(t, counts, "chat.sessions.live")
	require.Zero(t, counts["chat.sessions.live"], "the session is over")
}

func TestRunPrints(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		byOtelaws bool
		want      []string
	}{
		"the client's own": {false, []string{`"Name": "ConnectParticipant.SendMessage"`, `"Name": "Attempt"`, `"Name": "client.call.duration"`, `"Name": "chat.sessions.live"`}},
		"those of otelaws": {true, []string{`"Name": "ConnectParticipant.SendMessage"`, `"rpc.method"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, test.byOtelaws))
			for _, want := range test.want {
				require.Contains(t, out.String(), want)
			}
		})
	}
}
