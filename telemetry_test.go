// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// spans is a TracerProvider that records the spans that end, children first.
type spans struct {
	mu    sync.Mutex
	scope string
	ended []*span
}

func (s *spans) Tracer(scope string, _ ...tracing.TracerOption) tracing.Tracer {
	s.scope = scope
	return s
}

func (s *spans) StartSpan(ctx context.Context, name string, optFns ...tracing.SpanOption) (context.Context, tracing.Span) {
	var options tracing.SpanOptions
	for _, fn := range optFns {
		fn(&options)
	}
	started := &span{spans: s, name: name, kind: options.Kind, properties: &options.Properties}
	return tracing.WithSpan(ctx, started), started
}

type span struct {
	spans      *spans
	name       string
	kind       tracing.SpanKind
	status     tracing.SpanStatus
	properties *smithy.Properties
}

func (s *span) Name() string                            { return s.name }
func (s *span) Context() tracing.SpanContext            { return tracing.SpanContext{} }
func (s *span) AddEvent(string, ...tracing.EventOption) {}
func (s *span) SetProperty(k, v any)                    { s.properties.Set(k, v) }
func (s *span) SetStatus(status tracing.SpanStatus)     { s.status = status }

func (s *span) End() {
	s.spans.mu.Lock()
	defer s.spans.mu.Unlock()
	s.spans.ended = append(s.spans.ended, s)
}

func (s *spans) names() []string {
	var names []string
	for _, ended := range s.ended {
		names = append(names, ended.name)
	}
	return names
}

func TestSpans(t *testing.T) {
	t.Parallel()
	var s spans
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil },
		func(o *connectparticipant.Options) { o.TracerProvider = &s })
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, []string{
		"OperationSerializer", "ResolveEndpoint", "DoHTTPRequest", "OperationDeserializer", "Attempt", "RetryLoop",
		"ConnectParticipant.SendMessage",
	}, s.names())
	require.Equal(t, "github.com/participant-go/connectparticipant", s.scope)
	call := s.ended[len(s.ended)-1]
	require.Equal(t, tracing.SpanKindClient, call.kind)
	require.Equal(t, tracing.SpanStatusOK, call.status)
	require.Equal(t, "aws-api", call.properties.Get("rpc.system"))
	require.Equal(t, "ConnectParticipant", call.properties.Get("rpc.service"))
	require.Equal(t, "SendMessage", call.properties.Get("rpc.method"))
	require.Equal(t, "https://participant.connect.us-west-2.amazonaws.com", s.ended[1].properties.Get("client.call.resolved_endpoint"))
	require.Equal(t, "11111111-2222-3333-4444-555555555555", s.ended[4].properties.Get("aws.request_id"))
}

func TestSpanOfAFailedCall(t *testing.T) {
	t.Parallel()
	var s spans
	client := newClient(func(*http.Request) (*http.Response, error) {
		return newResponse(403, `{"message":"Access denied"}`, "x-amzn-ErrorType", "AccessDeniedException"), nil
	}, func(o *connectparticipant.Options) { o.TracerProvider = &s })
	_, err := sendHello(t.Context(), client)
	require.Error(t, err)
	call := s.ended[len(s.ended)-1]
	require.Equal(t, tracing.SpanStatusError, call.status)
	require.Equal(t, "AccessDeniedException", call.properties.Get("api.error_code"))
	require.Equal(t, "Access denied", call.properties.Get("api.error_message"))
	require.Equal(t, "client", call.properties.Get("api.error_fault"))
	require.Equal(t, true, call.properties.Get("error"))
}

// meter is a MeterProvider whose histograms and counters record their calls.
type meter struct {
	metrics.NopMeterProvider
	mu       sync.Mutex
	recorded []string
}

func (m *meter) Meter(string, ...metrics.MeterOption) metrics.Meter { return instruments{meter: m} }

type instruments struct {
	metrics.NopMeter
	meter *meter
}

func (i instruments) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return instrument{i.meter, name}, nil
}

func (i instruments) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return counter{instrument{i.meter, name}}, nil
}

type instrument struct {
	meter *meter
	name  string
}

func (i instrument) Record(_ context.Context, _ float64, optFns ...metrics.RecordMetricOption) {
	var options metrics.RecordMetricOptions
	for _, fn := range optFns {
		fn(&options)
	}
	i.meter.mu.Lock()
	defer i.meter.mu.Unlock()
	i.meter.recorded = append(i.meter.recorded, fmt.Sprint(i.name, " ", options.Properties.Get("rpc.service"), " ", options.Properties.Get("rpc.method")))
}

type counter struct{ instrument }

func (c counter) Add(ctx context.Context, _ int64, optFns ...metrics.RecordMetricOption) {
	c.Record(ctx, 0, optFns...)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	var m meter
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil },
		func(o *connectparticipant.Options) { o.MeterProvider = &m })
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	slices.Sort(m.recorded)
	require.Equal(t, []string{
		"client.call.attempt_duration ConnectParticipant SendMessage",
		"client.call.attempts ConnectParticipant SendMessage",
		"client.call.deserialization_duration ConnectParticipant SendMessage",
		"client.call.duration ConnectParticipant SendMessage",
		"client.call.resolve_endpoint_duration ConnectParticipant SendMessage",
		"client.call.serialization_duration ConnectParticipant SendMessage",
		"client.http.do_request_duration <nil> <nil>",
	}, m.recorded)
}
