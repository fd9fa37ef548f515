// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"encoding/json"
	"fmt"

	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// WithMember returns an option that sends a member that this version of the package does not know,
// so that a new feature of the service can be used immediately:
//
//	client.SendMessage(ctx, input, connectparticipant.WithMember("Priority", "HIGH"))
//
// The member is added to the top level of the request's JSON body; value is encoded with
// encoding/json, and nil is null. WithMember is intended as a per-call option. The call fails
// without being sent if value can't be encoded, if the input sets a member of that name, or if the
// operation has no body, such as DescribeView. Logs contain neither the value nor its length,
// unless name is a member whose values are logged elsewhere, such as ContactId or Status.
func WithMember(name string, value any) func(*Options) {
	data, err := json.Marshal(value)
	return func(o *Options) {
		if err != nil {
			o.err = fmt.Errorf("encode member %q: %w", name, err)
			return
		}
		o.members = append(o.members, member{name, data})
	}
}

// member is a member added by WithMember.
type member struct {
	name  string
	value json.RawMessage
}

// UnknownMembers returns the members of a response that this version of the package does not know,
// by their paths, such as "Websocket.Region" or "Transcript[0].Language". metadata is the output's
// ResultMetadata, which holds a copy of a response that has such members. For a response larger
// than 1 MiB it holds none, and the result is empty; it is never nil. The function Transcript
// yields items without metadata: to find their unknown members, use a GetTranscriptPaginator. The
// values may be secrets.
func UnknownMembers(metadata middleware.Metadata) map[string]json.RawMessage {
	response, ok := metadata.Get(unknownKey{}).(*unknownMembers)
	if !ok {
		return map[string]json.RawMessage{}
	}
	return restjson.UnknownMembers(response.body, response.operation.newOutput().read)
}

type unknownKey struct{}

// unknownMembers holds a response with unknown members. It is used as a pointer, which a log of the
// metadata doesn't follow.
type unknownMembers struct {
	body      []byte
	operation operation
}
