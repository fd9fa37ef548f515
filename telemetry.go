// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
)

// telemetry records spans and metrics under the names of the AWS SDK. A nil field is not recorded.
type telemetry struct {
	tracer          tracing.Tracer
	meter           metrics.Meter
	call            metrics.Float64Histogram
	serialization   metrics.Float64Histogram
	endpoint        metrics.Float64Histogram
	deserialization metrics.Float64Histogram
}

func newTelemetry(options *Options) (*telemetry, error) {
	t := &telemetry{meter: options.MeterProvider.Meter(scope)}
	if _, off := options.TracerProvider.(tracing.NopTracerProvider); !off {
		t.tracer = options.TracerProvider.Tracer(scope)
	}
	if _, off := options.MeterProvider.(metrics.NopMeterProvider); off {
		return t, nil
	}
	var errs [4]error
	t.call, errs[0] = seconds(t.meter, "client.call.duration", "Overall call duration, retries included.")
	t.serialization, errs[1] = seconds(t.meter, "client.call.serialization_duration", "Time to write the request.")
	t.endpoint, errs[2] = seconds(t.meter, "client.call.resolve_endpoint_duration", "Time to find the endpoint.")
	t.deserialization, errs[3] = seconds(t.meter, "client.call.deserialization_duration", "Time to read the response.")
	return t, errors.Join(errs[:]...)
}

// off reports whether neither spans nor metrics are recorded.
func (t *telemetry) off() bool {
	return t.tracer == nil && t.call == nil
}

func seconds(meter metrics.Meter, name, description string) (metrics.Float64Histogram, error) {
	return meter.Float64Histogram(name, func(o *metrics.InstrumentOptions) {
		o.UnitLabel = "s"
		o.Description = description
	})
}

// measurement is a span and a duration in progress; the zero value records nothing.
type measurement struct {
	span      tracing.Span
	histogram metrics.Float64Histogram
	begin     time.Time
}

// start starts the measurement of a part of a call.
func (t *telemetry) start(ctx context.Context, span string, histogram metrics.Float64Histogram) measurement {
	if t.tracer == nil && histogram == nil {
		return measurement{}
	}
	_, s := tracing.StartSpan(ctx, span)
	return measurement{span: s, histogram: histogram, begin: time.Now()}
}

// startCall starts the measurement of a whole call.
func (t *telemetry) startCall(ctx context.Context, name string) (context.Context, measurement) {
	if t.off() {
		return ctx, measurement{}
	}
	if t.tracer != nil {
		ctx = tracing.WithOperationTracer(ctx, t.tracer)
	}
	ctx, span := tracing.StartSpan(ctx, ServiceID+"."+name, func(o *tracing.SpanOptions) {
		o.Kind = tracing.SpanKindClient
		o.Properties.Set("rpc.system", "aws-api")
		o.Properties.Set("rpc.method", name)
		o.Properties.Set("rpc.service", ServiceID)
	})
	return ctx, measurement{span: span, histogram: t.call, begin: time.Now()}
}

func (m measurement) end(ctx context.Context) {
	if m.span != nil {
		m.span.End()
	}
	if m.histogram == nil {
		return
	}
	m.histogram.Record(ctx, time.Since(m.begin).Seconds(), func(o *metrics.RecordMetricOptions) {
		o.Properties.Set("rpc.service", ServiceID)
		o.Properties.Set("rpc.method", middleware.GetOperationName(ctx))
	})
}

// endCall ends the measurement of a whole call; a non-nil err marks it as failed.
func (m measurement) endCall(ctx context.Context, err error) {
	if m.span != nil {
		describe(m.span, err)
	}
	m.end(ctx)
}

func describe(span tracing.Span, err error) {
	span.SetProperty("error", err != nil)
	if err == nil {
		span.SetStatus(tracing.SpanStatusOK)
		return
	}
	span.SetStatus(tracing.SpanStatusError)
	span.SetProperty("exception.type", fmt.Sprintf("%T", err))
	span.SetProperty("exception.message", err.Error())
	var api smithy.APIError
	if errors.As(err, &api) {
		span.SetProperty("api.error_code", api.ErrorCode())
		span.SetProperty("api.error_message", api.ErrorMessage())
		span.SetProperty("api.error_fault", api.ErrorFault().String())
	}
}
