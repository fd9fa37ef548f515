// SPDX-License-Identifier: Apache-2.0

// Command opentelemetry traces and measures the calls of a client with OpenTelemetry, and prints
// the spans and metrics of a short chat on the fake of the service.
//
// Usage:
//
//	opentelemetry [-otelaws]
//
// Without the flag, it uses the client's own spans; with it, those of otelaws.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func main() {
	byOtelaws := flag.Bool("otelaws", false, "trace with otelaws, which has no metrics")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *byOtelaws); err != nil {
		fmt.Fprintf(os.Stderr, "opentelemetry: %v\n", err)
		os.Exit(1)
	}
}

// run traces and measures a chat and prints the results.
func run(ctx context.Context, stdout io.Writer, byOtelaws bool) error {
	spans, err := stdouttrace.New(stdouttrace.WithWriter(stdout), stdouttrace.WithPrettyPrint())
	if err != nil {
		return fmt.Errorf("create span exporter: %w", err)
	}
	metrics, err := stdoutmetric.New(stdoutmetric.WithWriter(stdout), stdoutmetric.WithPrettyPrint())
	if err != nil {
		return fmt.Errorf("create metric exporter: %w", err)
	}
	// With a syncer each span is printed when it ends; a server uses WithBatcher.
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)), sdkmetric.WithView(durations()))
	instrument := withProviders(tracers, meters)
	if byOtelaws {
		instrument = withOtelaws(tracers)
	}
	err = serveFake(func(srv *participanttest.Server) error {
		return errors.Join(talk(ctx, tracers.Tracer("example"), srv, instrument), listen(ctx, srv, withMeters(meters)))
	})
	return errors.Join(err, tracers.Shutdown(ctx), meters.Shutdown(ctx))
}

func serveFake(use func(*participanttest.Server) error) error {
	srv, err := participanttest.New()
	if err != nil {
		return err
	}
	defer srv.Close()
	return use(srv)
}

// talk joins a chat of the fake, sends a message, and another one after the end of the chat. The
// spans of its calls are children of its span.
func talk(ctx context.Context, tracer trace.Tracer, srv *participanttest.Server, instrument func(*connectparticipant.Options)) error {
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{
		Region:       "eu-west-2",
		BaseEndpoint: &srv.URL,
		HTTPClient:   srv.Client(),
	}, instrument)
	ctx, span := tracer.Start(ctx, "talk")
	defer span.End()

	connection, err := client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   &contact.Customer.Token,
		ConnectParticipant: aws.Bool(true),
		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		span.SetStatus(codes.Error, "connect")
		return err
	}
	message := &connectparticipant.SendMessageInput{
		ConnectionToken: connection.ConnectionCredentials.ConnectionToken,
		ContentType:     aws.String(types.ContentTypeTextPlain),
		Content:         aws.String("Is anybody there?"),
	}
	if _, err := client.SendMessage(ctx, message); err != nil {
		span.SetStatus(codes.Error, "send")
		return err
	}
	contact.End()
	if _, err := client.SendMessage(ctx, message); !connectparticipant.IsAccessDenied(err) {
		return fmt.Errorf("send after the end: %w", err)
	}
	return nil
}

// listen runs a session in a chat of the fake. It loses its socket once, and leaves after it has
// received the message sent after that.
func listen(ctx context.Context, srv *participanttest.Server, measure func(*chat.Options)) error {
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	session, err := chat.Start(ctx, client, contact.Customer.Token, measure)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	contact.Customer.CutSockets()
	for event, err := range session.Events(ctx) {
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case chat.ConnectionChanged:
			if e.Connected {
				contact.Agent.Say("Welcome back!")
			}
		case chat.Message:
			return session.Leave(ctx)
		}
	}
	return nil
}
