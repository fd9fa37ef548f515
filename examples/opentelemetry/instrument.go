// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/aws/smithy-go/metrics/smithyotelmetrics"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws" //nolint:staticcheck // see withOtelaws
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

// withProviders passes the client's own spans and metrics to OpenTelemetry: a span for each call,
// attempt and step. Use it in new programs.
func withProviders(tracers trace.TracerProvider, meters metric.MeterProvider) func(*connectparticipant.Options) {
	return func(o *connectparticipant.Options) {
		o.TracerProvider = smithyoteltracing.Adapt(tracers)
		o.MeterProvider = smithyotelmetrics.Adapt(meters)
	}
}

// withMeters passes the metrics of chat sessions to OpenTelemetry: how many are live, how often
// they reconnect, what they recover, and how long calls and events wait.
func withMeters(meters metric.MeterProvider) func(*chat.Options) {
	provider := smithyotelmetrics.Adapt(meters)
	return func(o *chat.Options) { o.MeterProvider = provider }
}

// withOtelaws adds the middlewares of otelaws to every call: one span per call. OpenTelemetry has
// discontinued that module. A program that uses it for its AWS clients can use it here unchanged.
func withOtelaws(tracers trace.TracerProvider) func(*connectparticipant.Options) {
	return func(o *connectparticipant.Options) {
		otelaws.AppendMiddlewares(&o.APIOptions, otelaws.WithTracerProvider(tracers))
	}
}

// durations is a view for the histograms of the client and of sessions. They are in seconds;
// OpenTelemetry's default buckets, which are for milliseconds, would put every call into the first
// bucket.
func durations() sdkmetric.View {
	return sdkmetric.NewView(
		sdkmetric.Instrument{Name: "*", Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}},
	)
}
