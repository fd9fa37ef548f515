// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"fmt"
	"strings"
)

// ReadError lists the records of a payload that could not be read.
type ReadError struct {
	// Records are the errors, in the order of the records.
	Records []*RecordError
}

// Error lists the first ten records.
func (e *ReadError) Error() string {
	const most = 10
	texts := make([]string, 0, most+1)
	for _, record := range e.Records {
		if len(texts) == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(e.Records)-most))
			break
		}
		texts = append(texts, record.Error())
	}
	return "read notifications: " + strings.Join(texts, "; ")
}

// Unwrap returns the errors of the records.
func (e *ReadError) Unwrap() []error {
	errs := make([]error, 0, len(e.Records))
	for _, record := range e.Records {
		errs = append(errs, record)
	}
	return errs
}

// RecordError is the error of one record of a payload.
type RecordError struct {
	// Index is the place of the record in the payload, counted from 0.
	Index int
	// ID is the ID of the SQS message, empty if the record is none.
	ID string
	// Err is what went wrong.
	Err error
}

// Error names the record by its index.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index, e.Err) }

// Unwrap returns what went wrong.
func (e *RecordError) Unwrap() error { return e.Err }

// BatchResponse is what a Lambda function for an SQS queue returns, so that only the messages
// that failed are delivered again. The event source mapping must have ReportBatchItemFailures
// among its FunctionResponseTypes, or Lambda ignores it.
type BatchResponse struct {
	// BatchItemFailures are the messages that failed.
	BatchItemFailures []BatchItemFailure `json:"batchItemFailures"`
}

// BatchItemFailure is an SQS message that failed.
type BatchItemFailure struct {
	// ItemIdentifier is its ID.
	ItemIdentifier string `json:"itemIdentifier"`
}

// BatchResponseOf returns the response of a Lambda function to an error of Read, of Handle or of
// Notification.Failed, or to several that errors.Join has joined: the messages that it names. If
// it names none, or another error is among them, BatchResponseOf returns that error, and Lambda
// delivers the whole batch again; so it is for events of SNS, which have no partial response.
//
// Lambda doesn't log the errors of a partial response: the function should.
func BatchResponseOf(err error) (BatchResponse, error) {
	r := BatchResponse{BatchItemFailures: []BatchItemFailure{}} // Lambda refuses null
	if !r.add(err, map[string]bool{}) {
		return BatchResponse{}, err
	}
	return r, nil
}

// add reports whether SQS messages are all that an error is about.
func (r *BatchResponse) add(err error, known map[string]bool) bool {
	if err == nil {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *RecordError:
		if e.ID != "" && !known[e.ID] {
			known[e.ID] = true
			r.BatchItemFailures = append(r.BatchItemFailures, BatchItemFailure{e.ID})
		}
		return e.ID != ""
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if !r.add(part, known) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		return e.Unwrap() != nil && r.add(e.Unwrap(), known)
	default:
		return false
	}
}
