// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

const topic = "arn:aws:sns:eu-west-2:111122223333:chats"

var ana = &connecttypes.ParticipantDetails{DisplayName: aws.String("Ana")}

// startAt starts a chat with the least that it takes.
func startAt(t *testing.T, client *connect.Client, fake *participanttest.Server) *participanttest.Contact {
	t.Helper()
	out, err := client.StartChatContact(t.Context(), &connect.StartChatContactInput{
		InstanceId: &hello.instance, ContactFlowId: &hello.flow, ParticipantDetails: ana,
	})
	require.NoError(t, err)
	contact := fake.Contact(aws.ToString(out.ContactId))
	require.NotNil(t, contact)
	return contact
}

func TestTheOfficialClientStartsAChatWithEverythingItKnows(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	client := newStarter(fake)
	past := startAt(t, client, fake)
	past.End()
	out, err := client.StartChatContact(t.Context(), &connect.StartChatContactInput{
		InstanceId: &hello.instance, ContactFlowId: &hello.flow, ParticipantDetails: ana,
		Attributes: map[string]string{"order": "4711"}, ChatDurationInMinutes: aws.Int32(60), CustomerId: aws.String("customer-1"),
		DisconnectOnCustomerExit:       []connecttypes.DisconnectOnCustomerExitParticipantType{connecttypes.DisconnectOnCustomerExitParticipantTypeAgent},
		InitialMessage:                 &connecttypes.ChatMessage{ContentType: aws.String("text/plain"), Content: aws.String("Where is it?")},
		ParticipantConfiguration:       &connecttypes.ParticipantConfiguration{ResponseMode: connecttypes.ResponseModeComplete},
		PersistentChat:                 &connecttypes.PersistentChat{RehydrationType: connecttypes.RehydrationTypeFromSegment, SourceContactId: &past.ID},
		SegmentAttributes:              map[string]connecttypes.SegmentAttributeValue{"tier": {ValueString: aws.String("gold")}},
		SupportedMessagingContentTypes: []string{"text/plain", "text/markdown"},
	})
	require.NoError(t, err)
	require.Equal(t, past.ID, aws.ToString(out.ContinuedFromContactId))
	contact := fake.Contact(aws.ToString(out.ContactId))
	require.Equal(t, contact.Customer.ID, aws.ToString(out.ParticipantId))
	require.Equal(t, contact.Customer.Token, aws.ToString(out.ParticipantToken))
	require.Equal(t, "Where is it?", contact.Transcript()[0].Content)
}

func TestTheOfficialClientAndAContact(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	client := newStarter(fake)
	contact := startAt(t, client, fake)
	_, err := client.UpdateContactAttributes(t.Context(), &connect.UpdateContactAttributesInput{
		InstanceId: &hello.instance, InitialContactId: &contact.ID, Attributes: map[string]string{"order": "4711"},
	})
	require.NoError(t, err)
	attributes, err := client.GetContactAttributes(t.Context(), &connect.GetContactAttributesInput{InstanceId: &hello.instance, InitialContactId: &contact.ID})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"order": "4711"}, attributes.Attributes)

	bot, err := client.CreateParticipant(t.Context(), &connect.CreateParticipantInput{
		InstanceId: &hello.instance, ContactId: &contact.ID, ParticipantDetails: &connecttypes.ParticipantDetailsToAdd{
			ParticipantRole: connecttypes.ParticipantRoleCustomBot, DisplayName: aws.String("Robot"),
		},
	})
	require.NoError(t, err)
	require.Equal(t, contact.Participants()[3].Token, aws.ToString(bot.ParticipantCredentials.ParticipantToken))
	require.NotEmpty(t, aws.ToString(bot.ParticipantCredentials.Expiry))

	stream, err := client.StartContactStreaming(t.Context(), &connect.StartContactStreamingInput{
		InstanceId: &hello.instance, ContactId: &contact.ID,
		ChatStreamingConfiguration: &connecttypes.ChatStreamingConfiguration{StreamingEndpointArn: aws.String(topic)},
	})
	require.NoError(t, err)
	_, err = client.StopContactStreaming(t.Context(), &connect.StopContactStreamingInput{
		InstanceId: &hello.instance, ContactId: &contact.ID, StreamingId: stream.StreamingId,
	})
	require.NoError(t, err)

	_, err = client.StopContact(t.Context(), &connect.StopContactInput{InstanceId: &hello.instance, ContactId: &contact.ID})
	require.NoError(t, err)
	described, err := client.DescribeContact(t.Context(), &connect.DescribeContactInput{InstanceId: &hello.instance, ContactId: &contact.ID})
	require.NoError(t, err)
	require.Equal(t, connecttypes.ChannelChat, described.Contact.Channel)
	require.Equal(t, connecttypes.ContactInitiationMethodApi, described.Contact.InitiationMethod)
	require.Equal(t, "API", aws.ToString(described.Contact.DisconnectReason))
	require.WithinDuration(t, fake.Now(), aws.ToTime(described.Contact.DisconnectTimestamp), time.Minute)
	for operation, n := range map[string]int{
		"StartChatContact": 1, "UpdateContactAttributes": 1, "GetContactAttributes": 1, "CreateParticipant": 1,
		"StartContactStreaming": 1, "StopContactStreaming": 1, "StopContact": 1, "DescribeContact": 1,
	} {
		require.Equal(t, n, fake.Count(operation), operation)
	}
}

func TestTheOfficialClientCompletesAnAuthentication(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	client := newStarter(fake)
	contact := startAt(t, client, fake)
	participants := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &fake.URL, HTTPClient: fake.Client()})
	connection := contact.Customer.NewConnection()
	login, err := participants.GetAuthenticationUrl(t.Context(), &connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: &connection.ConnectionToken, SessionId: aws.String(contact.StartAuthentication(contact.Customer)),
		RedirectUri: aws.String("https://example.com/done"),
	})
	require.NoError(t, err)
	_, err = client.UpdateParticipantAuthentication(t.Context(), &connect.UpdateParticipantAuthenticationInput{
		InstanceId: &hello.instance, State: queryOf(t, aws.ToString(login.AuthenticationUrl), "state"), Code: aws.String("code"),
	})
	require.NoError(t, err)
}

// refusal is an operation that the official client fails with, as a type of its own.
type refusal struct {
	call func(ctx context.Context) error
	is   func(error) bool
	code int
}

func TestTheOfficialClientKnowsTheErrors(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t, func(o *participanttest.Options) { o.MaxChats = 3 })
	client := newStarter(fake)
	contact := startAt(t, client, fake)
	agent := startAt(t, client, fake)
	agent.Agent.Join()
	full := startAt(t, client, fake)
	start := func(change func(*connect.StartChatContactInput)) func(context.Context) error {
		return func(ctx context.Context) error {
			in := &connect.StartChatContactInput{InstanceId: aws.String("instance-2"), ContactFlowId: &hello.flow, ParticipantDetails: ana}
			change(in)
			_, err := client.StartChatContact(ctx, in)
			return err
		}
	}
	add := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.CreateParticipant(ctx, &connect.CreateParticipantInput{
				InstanceId: &hello.instance, ContactId: &id, ParticipantDetails: &connecttypes.ParticipantDetailsToAdd{
					ParticipantRole: connecttypes.ParticipantRoleCustomBot, DisplayName: aws.String("Robot"),
				},
			})
			return err
		}
	}
	stream := func(id, arn string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.StartContactStreaming(ctx, &connect.StartContactStreamingInput{
				InstanceId: &hello.instance, ContactId: &id,
				ChatStreamingConfiguration: &connecttypes.ChatStreamingConfiguration{StreamingEndpointArn: &arn},
			})
			return err
		}
	}
	for range 2 {
		require.NoError(t, stream(full.ID, topic)(t.Context()))
	}
	require.NoError(t, add(full.ID)(t.Context()))
	for name, test := range map[string]refusal{
		"StartChatContact, a duration": {
			start(func(in *connect.StartChatContactInput) { in.ChatDurationInMinutes = aws.Int32(1) }),
			is[*connecttypes.InvalidRequestException], http.StatusBadRequest,
		},
		"StartChatContact, a chat that has not ended": {
			start(func(in *connect.StartChatContactInput) {
				in.InstanceId, in.RelatedContactId = &hello.instance, &contact.ID
			}),
			is[*connecttypes.InvalidParameterException], http.StatusBadRequest,
		},
		"StartChatContact, an unknown chat": {
			start(func(in *connect.StartChatContactInput) { in.RelatedContactId = aws.String("unknown") }),
			is[*connecttypes.ResourceNotFoundException], http.StatusNotFound,
		},
		"StartChatContact, too many": {
			start(func(in *connect.StartChatContactInput) { in.InstanceId = &hello.instance }),
			is[*connecttypes.LimitExceededException], http.StatusTooManyRequests,
		},
		"CreateParticipant, an unknown chat": {add("unknown"), is[*connecttypes.ResourceNotFoundException], http.StatusNotFound},
		"CreateParticipant, with an agent":   {add(agent.ID), is[*connecttypes.ConflictException], http.StatusConflict},
		"CreateParticipant, twice":           {add(full.ID), is[*connecttypes.ServiceQuotaExceededException], http.StatusPaymentRequired},
		"StartContactStreaming, no topic":    {stream(contact.ID, "chats"), is[*connecttypes.InvalidParameterException], http.StatusBadRequest},
		"StartContactStreaming, three":       {stream(full.ID, topic), is[*connecttypes.LimitExceededException], http.StatusTooManyRequests},
		"StartContactStreaming, unknown":     {stream("unknown", topic), is[*connecttypes.ResourceNotFoundException], http.StatusNotFound},
		"StopContact, an unknown chat": {
			func(ctx context.Context) error {
				_, err := client.StopContact(ctx, &connect.StopContactInput{InstanceId: &hello.instance, ContactId: aws.String("unknown")})
				return err
			}, is[*connecttypes.ContactNotFoundException], http.StatusGone,
		},
		"UpdateParticipantAuthentication, an unknown state": {
			func(ctx context.Context) error {
				_, err := client.UpdateParticipantAuthentication(ctx, &connect.UpdateParticipantAuthenticationInput{
					InstanceId: &hello.instance, State: aws.String("unknown"), Code: aws.String("code"),
				})
				return err
			}, is[*connecttypes.InvalidParameterException], http.StatusBadRequest,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.call(t.Context())
			require.True(t, test.is(err), "%v", err)
			var response *awshttp.ResponseError
			require.ErrorAs(t, err, &response)
			require.Equal(t, test.code, response.HTTPStatusCode())
		})
	}
}

func TestOtherOperationsAreNamed(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	_, err := newStarter(fake).ListQueues(t.Context(), &connect.ListQueuesInput{InstanceId: &hello.instance})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "NotImplementedException", refused.ErrorCode())
	require.Contains(t, refused.ErrorMessage(), "ListQueues")
	require.Equal(t, 1, fake.Count("ListQueues"))
}

// is reports whether an error of a type is in the chain.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func queryOf(t *testing.T, address, name string) *string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return aws.String(u.Query().Get(name))
}

// Each operation of the official client is one that the fake knows, if only by its name.
func TestEveryOperationOfTheOfficialClientIsListed(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../participanttest/connect_operations.txt")
	require.NoError(t, err)
	client := reflect.TypeFor[*connect.Client]()
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; name != "Options" {
			require.Contains(t, string(list), " "+name+"\n")
		}
	}
}
