// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
)

// stepError is an error with the step that failed.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }

func (e *stepError) Unwrap() error { return e.err }

// lateError is a failure to connect in time.
type lateError struct {
	limit time.Duration
	err   error
}

func (e *lateError) Error() string { return e.err.Error() }

func (e *lateError) Unwrap() error { return e.err }

// problem describes an error in one line, and where possible what to do.
func problem(err error) string {
	if step := (*stepError)(nil); errors.As(err, &step) {
		return step.step + ": " + problem(step.err)
	}
	for _, explain := range []func(error) string{problemOfChat, problemOfNetwork, problemOfService, problemOfTime} {
		if text := explain(err); text != "" {
			return terminal.Line(text)
		}
	}
	return strings.Join(terminal.Lines(err.Error()), "; ")
}

// problemOfChat describes errors of the chat and its tokens.
func problemOfChat(err error) string {
	switch {
	case errors.Is(err, chat.ErrChatEnded):
		return "the chat has ended"
	case errors.Is(err, chat.ErrRemoved):
		return "another participant or the service has removed the participant from the chat"
	case connectparticipant.IsAccessDenied(err), errors.Is(err, chat.ErrAccessDenied):
		return "the service refuses the token: it is wrong, expired or of another region, or the chat is over"
	default:
		return ""
	}
}

// problemOfNetwork describes errors of the connection to the service. The cause takes precedence over
// the timeout until which the call was retried.
func problemOfNetwork(err error) string {
	var (
		lookup      *net.DNSError
		certificate *tls.CertificateVerificationError
		connection  *net.OpError
	)
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Sprintf("there is no host %s: check -endpoint or -region", lookup.Name)
	case errors.As(err, &lookup):
		return fmt.Sprintf("the host %s can't be looked up: check the network", lookup.Name)
	case errors.As(err, &certificate):
		return fmt.Sprintf("the server's certificate is not trusted: %v; -ca-file adds CA certificates to trust", certificate.Err)
	case websocket.CloseStatus(err) >= 0:
		return fmt.Sprintf("the server closed the socket with code %d", websocket.CloseStatus(err))
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server doesn't speak https: check -endpoint"
	case errors.As(err, &connection):
		return problemOfConnection(connection)
	default:
		return ""
	}
}

func problemOfConnection(failed *net.OpError) string {
	switch {
	case failed.Op == "proxyconnect":
		return "the proxy can't be reached: " + reason(failed)
	case failed.Op == "dial" && failed.Addr != nil:
		return fmt.Sprintf("%s can't be reached: %s; check -endpoint", failed.Addr, reason(failed))
	case failed.Op == "read" || failed.Op == "write":
		return "the connection broke: " + reason(failed)
	case failed.Op == "listen" && failed.Addr != nil:
		return fmt.Sprintf("can't listen on %s: %s; choose another -addr", failed.Addr, reason(failed))
	case failed.Op == "listen":
		return fmt.Sprintf("can't listen: %s; choose another -addr", reason(failed))
	default:
		return ""
	}
}

// reason returns what the operating system reports about a failed connection.
func reason(failed *net.OpError) string {
	if code := syscall.Errno(0); errors.As(failed, &code) {
		return code.Error()
	}
	return failed.Err.Error()
}

// problemOfService describes error responses, and responses of something else than the service.
func problemOfService(err error) string {
	var (
		api      smithy.APIError
		response *smithyhttp.ResponseError
		broken   *smithy.DeserializationError
	)
	switch {
	case connectparticipant.IsThrottled(err):
		return "the account makes more calls than its quota allows (ThrottlingException): try again later"
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError" && api.ErrorFault() != smithy.FaultServer:
		return fmt.Sprintf("the service refuses the request: %s (%s)", api.ErrorMessage(), api.ErrorCode())
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError":
		return fmt.Sprintf("the service failed (%s): try again later", api.ErrorCode())
	case errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError:
		return fmt.Sprintf("the service failed with status %d: try again later", response.HTTPStatusCode())
	case errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusMultipleChoices:
		return fmt.Sprintf("status %d, which the service would not return: check -endpoint", response.HTTPStatusCode())
	case errors.As(err, &broken):
		return "the response is not one of the service: check -endpoint"
	default:
		return ""
	}
}

func problemOfTime(err error) string {
	var late *lateError
	switch {
	case errors.As(err, &late):
		return fmt.Sprintf("no connection within %s: check -endpoint and the network, or raise -timeout", late.limit)
	case errors.Is(err, context.DeadlineExceeded):
		return "there was no response in time: try again"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	default:
		return ""
	}
}
