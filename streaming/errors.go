// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"fmt"
	"strings"
)

// ReadError lists the records of a payload that could not be read.
type ReadError struct {
	// Records are the errors of the records, in the order of the payload.
	Records []*RecordError
}

// Error shows the first ten records.
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
	// Index is the position of the record in the payload, counted from 0.
	Index int
	// ID is the ID of the SQS message, or empty for a record of another kind.
	ID string
	// Err is the cause.
	Err error
}

// Error identifies the record by its index.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index, e.Err) }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// BatchResponse is the response of a Lambda function for an SQS queue that makes Lambda deliver
// only the failed messages again. The event source mapping must have ReportBatchItemFailures in its
// FunctionResponseTypes, or Lambda ignores the response.
type BatchResponse struct {
	// BatchItemFailures are the messages that failed.
	BatchItemFailures []BatchItemFailure `json:"batchItemFailures"`
}

// BatchItemFailure is an SQS message that failed.
type BatchItemFailure struct {
	// ItemIdentifier is its ID.
	ItemIdentifier string `json:"itemIdentifier"`
}

// BatchResponseOf converts an error of Read, Handle or Notification.Failed, or several that
// errors.Join has joined, to the response of a Lambda function, which lists the failed messages.
// For a nil error, the response lists none. If the error has no failed SQS message, or includes any
// other error, BatchResponseOf returns the error, and Lambda delivers the whole batch again. That
// is also the case for events of SNS, which have no partial response.
//
// Lambda doesn't log the errors behind a partial response: log them in the function.
func BatchResponseOf(err error) (BatchResponse, error) {
	r := BatchResponse{BatchItemFailures: []BatchItemFailure{}} // Lambda rejects null
	if !r.add(err, map[string]bool{}) {
		return BatchResponse{}, err
	}
	return r, nil
}

// add adds the SQS messages of an error. It reports whether the error is about nothing else.
func (r *BatchResponse) add(err error, known map[string]bool) bool {
	if err == nil {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // add walks the tree itself
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
