// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// The names and types of the official client that this one keeps (aws-sdk-go-v2
// service/connectparticipant v1.36.9). A program that migrates compiles if this file does.

// of is a value of type T.
func of[T any]() (zero T) { return zero }

// operationMethod is a method of *connectparticipant.Client with input I and output O.
type operationMethod[I, O any] func(
	*connectparticipant.Client,
	context.Context,
	*I,
	...func(*connectparticipant.Options),
) (*O, error)

const (
	_ string = connectparticipant.ServiceAPIVersion
	_ string = connectparticipant.ServiceID
)

// Functions.
var (
	_ func(
		connectparticipant.Options,
		...func(*connectparticipant.Options),
	) *connectparticipant.Client = connectparticipant.New
	_ func(
		aws.Config,
		...func(*connectparticipant.Options),
	) *connectparticipant.Client = connectparticipant.NewFromConfig
	_ func(
		connectparticipant.GetTranscriptAPIClient,
		*connectparticipant.GetTranscriptInput,
		...func(*connectparticipant.GetTranscriptPaginatorOptions),
	) *connectparticipant.GetTranscriptPaginator = connectparticipant.NewGetTranscriptPaginator
	_ func(
		...func(*middleware.Stack) error,
	) func(*connectparticipant.Options) = connectparticipant.WithAPIOptions
	_ func(
		connectparticipant.EndpointResolverV2,
	) func(*connectparticipant.Options) = connectparticipant.WithEndpointResolverV2
	_ func() connectparticipant.EndpointResolver                                  = connectparticipant.NewDefaultEndpointResolver
	_ func(string, ...func(*aws.Endpoint)) connectparticipant.EndpointResolver    = connectparticipant.EndpointResolverFromURL
	_ func(connectparticipant.EndpointResolver) func(*connectparticipant.Options) = connectparticipant.WithEndpointResolver
	_ connectparticipant.EndpointResolver                                         = of[connectparticipant.EndpointResolverFunc]()
	_ func() connectparticipant.EndpointResolverV2                                = connectparticipant.NewDefaultEndpointResolverV2
)

// Operations.
var (
	_ operationMethod[
		connectparticipant.CancelParticipantAuthenticationInput,
		connectparticipant.CancelParticipantAuthenticationOutput,
	] = (*connectparticipant.Client).CancelParticipantAuthentication
	_ operationMethod[
		connectparticipant.CompleteAttachmentUploadInput,
		connectparticipant.CompleteAttachmentUploadOutput,
	] = (*connectparticipant.Client).CompleteAttachmentUpload
	_ operationMethod[
		connectparticipant.CreateParticipantConnectionInput,
		connectparticipant.CreateParticipantConnectionOutput,
	] = (*connectparticipant.Client).CreateParticipantConnection
	_ operationMethod[
		connectparticipant.DescribeViewInput,
		connectparticipant.DescribeViewOutput,
	] = (*connectparticipant.Client).DescribeView
	_ operationMethod[
		connectparticipant.DisconnectParticipantInput,
		connectparticipant.DisconnectParticipantOutput,
	] = (*connectparticipant.Client).DisconnectParticipant
	_ operationMethod[
		connectparticipant.GetAttachmentInput,
		connectparticipant.GetAttachmentOutput,
	] = (*connectparticipant.Client).GetAttachment
	_ operationMethod[
		connectparticipant.GetAuthenticationUrlInput,
		connectparticipant.GetAuthenticationUrlOutput,
	] = (*connectparticipant.Client).GetAuthenticationUrl
	_ operationMethod[
		connectparticipant.GetTranscriptInput,
		connectparticipant.GetTranscriptOutput,
	] = (*connectparticipant.Client).GetTranscript
	_ operationMethod[
		connectparticipant.SendEventInput,
		connectparticipant.SendEventOutput,
	] = (*connectparticipant.Client).SendEvent
	_ operationMethod[
		connectparticipant.SendMessageInput,
		connectparticipant.SendMessageOutput,
	] = (*connectparticipant.Client).SendMessage
	_ operationMethod[
		connectparticipant.StartAttachmentUploadInput,
		connectparticipant.StartAttachmentUploadOutput,
	] = (*connectparticipant.Client).StartAttachmentUpload
)

// Other methods.
var (
	_ func(*connectparticipant.Client) connectparticipant.Options = (*connectparticipant.Client).Options
	_ func(connectparticipant.Options) connectparticipant.Options = connectparticipant.Options.Copy

	_ func(*connectparticipant.GetTranscriptPaginator) bool = (*connectparticipant.GetTranscriptPaginator).HasMorePages
	_ func(
		*connectparticipant.GetTranscriptPaginator,
		context.Context,
		...func(*connectparticipant.Options),
	) (*connectparticipant.GetTranscriptOutput, error) = (*connectparticipant.GetTranscriptPaginator).NextPage

	_ func(connectparticipant.EndpointParameters) error = connectparticipant.EndpointParameters.ValidateRequired
	_ func(
		connectparticipant.EndpointParameters,
	) connectparticipant.EndpointParameters = connectparticipant.EndpointParameters.WithDefaults

	_ func(types.ArtifactStatus) []types.ArtifactStatus                   = types.ArtifactStatus.Values
	_ func(types.ChatItemType) []types.ChatItemType                       = types.ChatItemType.Values
	_ func(types.ConnectionType) []types.ConnectionType                   = types.ConnectionType.Values
	_ func(types.MeetingFeatureStatus) []types.MeetingFeatureStatus       = types.MeetingFeatureStatus.Values
	_ func(types.MessageProcessingStatus) []types.MessageProcessingStatus = types.MessageProcessingStatus.Values
	_ func(types.ParticipantRole) []types.ParticipantRole                 = types.ParticipantRole.Values
	_ func(types.ResourceType) []types.ResourceType                       = types.ResourceType.Values
	_ func(types.ScanDirection) []types.ScanDirection                     = types.ScanDirection.Values
	_ func(types.SortKey) []types.SortKey                                 = types.SortKey.Values
)

// Interfaces. Each is assignable from and to its method set, so no method is missing or added.
type (
	officialEndpointResolver interface {
		ResolveEndpoint(ctx context.Context, params connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error)
	}
	officialTranscriptClient interface {
		GetTranscript(
			context.Context, *connectparticipant.GetTranscriptInput, ...func(*connectparticipant.Options),
		) (*connectparticipant.GetTranscriptOutput, error)
	}
	officialHTTPClient interface {
		Do(*http.Request) (*http.Response, error)
	}
	officialTokenProvider interface {
		GetIdempotencyToken() (string, error)
	}
)

var (
	_ connectparticipant.EndpointResolverV2       = of[officialEndpointResolver]()
	_ connectparticipant.GetTranscriptAPIClient   = of[officialTranscriptClient]()
	_ connectparticipant.HTTPClient               = of[officialHTTPClient]()
	_ connectparticipant.IdempotencyTokenProvider = of[officialTokenProvider]()

	_ officialEndpointResolver = of[connectparticipant.EndpointResolverV2]()
	_ officialTranscriptClient = of[connectparticipant.GetTranscriptAPIClient]()
	_ officialHTTPClient       = of[connectparticipant.HTTPClient]()
	_ officialTokenProvider    = of[connectparticipant.IdempotencyTokenProvider]()

	_ connectparticipant.GetTranscriptAPIClient = (*connectparticipant.Client)(nil)
)

// Structs of the package, with all fields.
var (
	_ = connectparticipant.CancelParticipantAuthenticationInput{
		ConnectionToken: of[*string](),
		SessionId:       of[*string](),
	}
	_ = connectparticipant.CancelParticipantAuthenticationOutput{
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.Client{}
	_ = connectparticipant.CompleteAttachmentUploadInput{
		AttachmentIds:   of[[]string](),
		ClientToken:     of[*string](),
		ConnectionToken: of[*string](),
	}
	_ = connectparticipant.CompleteAttachmentUploadOutput{
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   of[*string](),
		ConnectParticipant: of[*bool](),
		Type:               of[[]types.ConnectionType](),
	}
	_ = connectparticipant.CreateParticipantConnectionOutput{
		ConnectionCredentials: of[*types.ConnectionCredentials](),
		WebRTCConnection:      of[*types.WebRTCConnection](),
		Websocket:             of[*types.Websocket](),
		ResultMetadata:        of[middleware.Metadata](),
	}
	_ = connectparticipant.DescribeViewInput{
		ConnectionToken: of[*string](),
		ViewToken:       of[*string](),
	}
	_ = connectparticipant.DescribeViewOutput{
		View:           of[*types.View](),
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.DisconnectParticipantInput{
		ConnectionToken: of[*string](),
		ClientToken:     of[*string](),
	}
	_ = connectparticipant.DisconnectParticipantOutput{
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.EndpointParameters{
		Region:       of[*string](),
		UseDualStack: of[*bool](),
		UseFIPS:      of[*bool](),
		Endpoint:     of[*string](),
	}
	_ = connectparticipant.GetAttachmentInput{
		AttachmentId:       of[*string](),
		ConnectionToken:    of[*string](),
		UrlExpiryInSeconds: of[*int32](),
	}
	_ = connectparticipant.GetAttachmentOutput{
		AttachmentSizeInBytes: of[*int64](),
		Url:                   of[*string](),
		UrlExpiry:             of[*string](),
		ResultMetadata:        of[middleware.Metadata](),
	}
	_ = connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: of[*string](),
		RedirectUri:     of[*string](),
		SessionId:       of[*string](),
	}
	_ = connectparticipant.GetAuthenticationUrlOutput{
		AuthenticationUrl: of[*string](),
		ResultMetadata:    of[middleware.Metadata](),
	}
	_ = connectparticipant.GetTranscriptInput{
		ConnectionToken: of[*string](),
		ContactId:       of[*string](),
		MaxResults:      of[*int32](),
		NextToken:       of[*string](),
		ScanDirection:   of[types.ScanDirection](),
		SortOrder:       of[types.SortKey](),
		StartPosition:   of[*types.StartPosition](),
	}
	_ = connectparticipant.GetTranscriptOutput{
		InitialContactId: of[*string](),
		NextToken:        of[*string](),
		Transcript:       of[[]types.Item](),
		ResultMetadata:   of[middleware.Metadata](),
	}
	_ = connectparticipant.GetTranscriptPaginator{}
	_ = connectparticipant.GetTranscriptPaginatorOptions{
		Limit:                of[int32](),
		StopOnDuplicateToken: of[bool](),
	}
	_ = connectparticipant.Options{
		APIOptions:                 of[[]func(*middleware.Stack) error](),
		AppID:                      of[string](),
		BaseEndpoint:               of[*string](),
		ClientLogMode:              of[aws.ClientLogMode](),
		DefaultsMode:               of[aws.DefaultsMode](),
		EndpointOptions:            of[connectparticipant.EndpointResolverOptions](),
		EndpointResolver:           of[connectparticipant.EndpointResolver](),
		EndpointResolverV2:         of[connectparticipant.EndpointResolverV2](),
		IdempotencyTokenProvider:   of[connectparticipant.IdempotencyTokenProvider](),
		Logger:                     of[logging.Logger](),
		MeterProvider:              of[metrics.MeterProvider](),
		Region:                     of[string](),
		RetryMaxAttempts:           of[int](),
		RetryMode:                  of[aws.RetryMode](),
		Retryer:                    of[aws.Retryer](),
		RuntimeEnvironment:         of[aws.RuntimeEnvironment](),
		TracerProvider:             of[tracing.TracerProvider](),
		HTTPClient:                 of[connectparticipant.HTTPClient](),
		Interceptors:               of[smithyhttp.InterceptorRegistry](),
		DisableClockSkewCorrection: of[bool](), // newer than the release above
	}
	_ = connectparticipant.SendEventInput{
		ConnectionToken: of[*string](),
		ContentType:     of[*string](),
		ClientToken:     of[*string](),
		Content:         of[*string](),
	}
	_ = connectparticipant.SendEventOutput{
		AbsoluteTime:   of[*string](),
		Id:             of[*string](),
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.SendMessageInput{
		ConnectionToken: of[*string](),
		Content:         of[*string](),
		ContentType:     of[*string](),
		ClientToken:     of[*string](),
	}
	_ = connectparticipant.SendMessageOutput{
		AbsoluteTime:    of[*string](),
		Id:              of[*string](),
		MessageMetadata: of[*types.MessageProcessingMetadata](),
		ResultMetadata:  of[middleware.Metadata](),
	}
	_ = connectparticipant.StartAttachmentUploadInput{
		AttachmentName:        of[*string](),
		AttachmentSizeInBytes: of[int64](),
		ClientToken:           of[*string](),
		ConnectionToken:       of[*string](),
		ContentType:           of[*string](),
	}
	_ = connectparticipant.StartAttachmentUploadOutput{
		AttachmentId:   of[*string](),
		UploadMetadata: of[*types.UploadMetadata](),
		ResultMetadata: of[middleware.Metadata](),
	}
	_ = connectparticipant.EndpointResolverOptions{
		Logger:               of[logging.Logger](),
		LogDeprecated:        of[bool](),
		ResolvedRegion:       of[string](),
		DisableHTTPS:         of[bool](),
		UseDualStackEndpoint: of[aws.DualStackEndpointState](),
		UseFIPSEndpoint:      of[aws.FIPSEndpointState](),
	}
)

// Structs of package types, with all fields.
var (
	_ = types.AccessDeniedException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.AttachmentItem{
		AttachmentId:   of[*string](),
		AttachmentName: of[*string](),
		ContentType:    of[*string](),
		Status:         of[types.ArtifactStatus](),
	}
	_ = types.Attendee{
		AttendeeId: of[*string](),
		JoinToken:  of[*string](),
	}
	_ = types.AudioFeatures{
		EchoReduction: of[types.MeetingFeatureStatus](),
	}
	_ = types.ConflictException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.ConnectionCredentials{
		ConnectionToken: of[*string](),
		Expiry:          of[*string](),
	}
	_ = types.InternalServerException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.Item{
		AbsoluteTime:     of[*string](),
		Attachments:      of[[]types.AttachmentItem](),
		ContactId:        of[*string](),
		Content:          of[*string](),
		ContentType:      of[*string](),
		DisplayName:      of[*string](),
		Id:               of[*string](),
		MessageMetadata:  of[*types.MessageMetadata](),
		ParticipantId:    of[*string](),
		ParticipantRole:  of[types.ParticipantRole](),
		RelatedContactId: of[*string](),
		Type:             of[types.ChatItemType](),
	}
	_ = types.MeetingFeaturesConfiguration{
		Audio: of[*types.AudioFeatures](),
	}
	_ = types.MessageMetadata{
		MessageId:               of[*string](),
		MessageProcessingStatus: of[types.MessageProcessingStatus](),
		Receipts:                of[[]types.Receipt](),
	}
	_ = types.MessageProcessingMetadata{
		MessageProcessingStatus: of[types.MessageProcessingStatus](),
	}
	_ = types.Receipt{
		DeliveredTimestamp:     of[*string](),
		ReadTimestamp:          of[*string](),
		RecipientParticipantId: of[*string](),
	}
	_ = types.ResourceNotFoundException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
		ResourceId:        of[*string](),
		ResourceType:      of[types.ResourceType](),
	}
	_ = types.ServiceQuotaExceededException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.StartPosition{
		AbsoluteTime: of[*string](),
		Id:           of[*string](),
		MostRecent:   of[int32](),
	}
	_ = types.ThrottlingException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.UploadMetadata{
		HeadersToInclude: of[map[string]string](),
		Url:              of[*string](),
		UrlExpiry:        of[*string](),
	}
	_ = types.ValidationException{
		Message:           of[*string](),
		ErrorCodeOverride: of[*string](),
	}
	_ = types.View{
		Arn:     of[*string](),
		Content: of[*types.ViewContent](),
		Id:      of[*string](),
		Name:    of[*string](),
		Version: of[*int32](),
	}
	_ = types.ViewContent{
		Actions:     of[[]string](),
		InputSchema: of[*string](),
		Template:    of[*string](),
	}
	_ = types.WebRTCConnection{
		Attendee: of[*types.Attendee](),
		Meeting:  of[*types.WebRTCMeeting](),
	}
	_ = types.WebRTCMediaPlacement{
		AudioFallbackUrl:  of[*string](),
		AudioHostUrl:      of[*string](),
		EventIngestionUrl: of[*string](),
		SignalingUrl:      of[*string](),
	}
	_ = types.WebRTCMeeting{
		MediaPlacement:  of[*types.WebRTCMediaPlacement](),
		MeetingFeatures: of[*types.MeetingFeaturesConfiguration](),
		MeetingId:       of[*string](),
	}
	_ = types.Websocket{
		ConnectionExpiry: of[*string](),
		Url:              of[*string](),
	}
)

func TestConstantsHaveTheOfficialTypesAndValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ constant, want any }{
		{connectparticipant.ServiceAPIVersion, "2018-09-07"},
		{connectparticipant.ServiceID, "ConnectParticipant"},

		{types.ArtifactStatusApproved, types.ArtifactStatus("APPROVED")},
		{types.ArtifactStatusInProgress, types.ArtifactStatus("IN_PROGRESS")},
		{types.ArtifactStatusRejected, types.ArtifactStatus("REJECTED")},
		{types.ChatItemTypeAttachment, types.ChatItemType("ATTACHMENT")},
		{types.ChatItemTypeChatEnded, types.ChatItemType("CHAT_ENDED")},
		{types.ChatItemTypeConnectionAck, types.ChatItemType("CONNECTION_ACK")},
		{types.ChatItemTypeEvent, types.ChatItemType("EVENT")},
		{types.ChatItemTypeMessage, types.ChatItemType("MESSAGE")},
		{types.ChatItemTypeMessageDelivered, types.ChatItemType("MESSAGE_DELIVERED")},
		{types.ChatItemTypeMessageRead, types.ChatItemType("MESSAGE_READ")},
		{types.ChatItemTypeParticipantJoined, types.ChatItemType("PARTICIPANT_JOINED")},
		{types.ChatItemTypeParticipantLeft, types.ChatItemType("PARTICIPANT_LEFT")},
		{types.ChatItemTypeTransferFailed, types.ChatItemType("TRANSFER_FAILED")},
		{types.ChatItemTypeTransferSucceeded, types.ChatItemType("TRANSFER_SUCCEEDED")},
		{types.ChatItemTypeTyping, types.ChatItemType("TYPING")},
		{types.ConnectionTypeConnectionCredentials, types.ConnectionType("CONNECTION_CREDENTIALS")},
		{types.ConnectionTypeWebrtcConnection, types.ConnectionType("WEBRTC_CONNECTION")},
		{types.ConnectionTypeWebsocket, types.ConnectionType("WEBSOCKET")},
		{types.MeetingFeatureStatusAvailable, types.MeetingFeatureStatus("AVAILABLE")},
		{types.MeetingFeatureStatusUnavailable, types.MeetingFeatureStatus("UNAVAILABLE")},
		{types.MessageProcessingStatusFailed, types.MessageProcessingStatus("FAILED")},
		{types.MessageProcessingStatusProcessing, types.MessageProcessingStatus("PROCESSING")},
		{types.MessageProcessingStatusRejected, types.MessageProcessingStatus("REJECTED")},
		{types.ParticipantRoleAgent, types.ParticipantRole("AGENT")},
		{types.ParticipantRoleCustomBot, types.ParticipantRole("CUSTOM_BOT")},
		{types.ParticipantRoleCustomer, types.ParticipantRole("CUSTOMER")},
		{types.ParticipantRoleSupervisor, types.ParticipantRole("SUPERVISOR")},
		{types.ParticipantRoleSystem, types.ParticipantRole("SYSTEM")},
		{types.ResourceTypeContact, types.ResourceType("CONTACT")},
		{types.ResourceTypeContactFlow, types.ResourceType("CONTACT_FLOW")},
		{types.ResourceTypeHierarchyGroup, types.ResourceType("HIERARCHY_GROUP")},
		{types.ResourceTypeHierarchyLevel, types.ResourceType("HIERARCHY_LEVEL")},
		{types.ResourceTypeInstance, types.ResourceType("INSTANCE")},
		{types.ResourceTypeParticipant, types.ResourceType("PARTICIPANT")},
		{types.ResourceTypePhoneNumber, types.ResourceType("PHONE_NUMBER")},
		{types.ResourceTypeUser, types.ResourceType("USER")},
		{types.ScanDirectionBackward, types.ScanDirection("BACKWARD")},
		{types.ScanDirectionForward, types.ScanDirection("FORWARD")},
		{types.SortKeyAscending, types.SortKey("ASCENDING")},
		{types.SortKeyDescending, types.SortKey("DESCENDING")},
	} {
		require.Equal(t, test.want, test.constant)
	}
}

func TestValuesListsTheOfficialConstants(t *testing.T) {
	t.Parallel()
	sameValues(t, types.ArtifactStatus.Values, "APPROVED", "IN_PROGRESS", "REJECTED")
	sameValues(t, types.ChatItemType.Values,
		"ATTACHMENT", "CHAT_ENDED", "CONNECTION_ACK", "EVENT", "MESSAGE", "MESSAGE_DELIVERED",
		"MESSAGE_READ", "PARTICIPANT_JOINED", "PARTICIPANT_LEFT", "TRANSFER_FAILED", "TRANSFER_SUCCEEDED",
		"TYPING")
	sameValues(t, types.ConnectionType.Values, "CONNECTION_CREDENTIALS", "WEBRTC_CONNECTION", "WEBSOCKET")
	sameValues(t, types.MeetingFeatureStatus.Values, "AVAILABLE", "UNAVAILABLE")
	sameValues(t, types.MessageProcessingStatus.Values, "FAILED", "PROCESSING", "REJECTED")
	sameValues(t, types.ParticipantRole.Values, "AGENT", "CUSTOM_BOT", "CUSTOMER", "SUPERVISOR", "SYSTEM")
	sameValues(t, types.ResourceType.Values,
		"CONTACT", "CONTACT_FLOW", "HIERARCHY_GROUP", "HIERARCHY_LEVEL", "INSTANCE", "PARTICIPANT",
		"PHONE_NUMBER", "USER")
	sameValues(t, types.ScanDirection.Values, "BACKWARD", "FORWARD")
	sameValues(t, types.SortKey.Values, "ASCENDING", "DESCENDING")
}

func sameValues[E ~string](t *testing.T, values func(E) []E, want ...E) {
	t.Helper()
	require.ElementsMatch(t, want, values(""))
}

// officialError is the method set of an exception's pointer type.
type officialError interface {
	Error() string
	ErrorMessage() string
	ErrorCode() string
	ErrorFault() smithy.ErrorFault
}

var (
	_ smithy.APIError = of[officialError]()

	_ officialError = (*types.AccessDeniedException)(nil)
	_ officialError = (*types.ConflictException)(nil)
	_ officialError = (*types.InternalServerException)(nil)
	_ officialError = (*types.ResourceNotFoundException)(nil)
	_ officialError = (*types.ServiceQuotaExceededException)(nil)
	_ officialError = (*types.ThrottlingException)(nil)
	_ officialError = (*types.ValidationException)(nil)
)

func TestExceptionsAreTheOfficialErrors(t *testing.T) {
	t.Parallel()
	testException(t, "AccessDeniedException", smithy.FaultClient, func(message, code *string) *types.AccessDeniedException {
		return &types.AccessDeniedException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "ConflictException", smithy.FaultClient, func(message, code *string) *types.ConflictException {
		return &types.ConflictException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "InternalServerException", smithy.FaultServer, func(message, code *string) *types.InternalServerException {
		return &types.InternalServerException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "ResourceNotFoundException", smithy.FaultClient, func(message, code *string) *types.ResourceNotFoundException {
		return &types.ResourceNotFoundException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "ServiceQuotaExceededException", smithy.FaultClient, func(message, code *string) *types.ServiceQuotaExceededException {
		return &types.ServiceQuotaExceededException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "ThrottlingException", smithy.FaultClient, func(message, code *string) *types.ThrottlingException {
		return &types.ThrottlingException{Message: message, ErrorCodeOverride: code}
	})
	testException(t, "ValidationException", smithy.FaultClient, func(message, code *string) *types.ValidationException {
		return &types.ValidationException{Message: message, ErrorCodeOverride: code}
	})
}

func testException[E smithy.APIError](t *testing.T, name string, fault smithy.ErrorFault, newError func(message, code *string) E) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		call := fmt.Errorf("call: %w", newError(aws.String("no"), nil))
		target, api := of[E](), of[smithy.APIError]()
		require.ErrorAs(t, call, &target)
		require.ErrorAs(t, call, &api)
		require.Equal(t, smithy.APIError(target), api)
		require.EqualError(t, api, name+": no")
		require.Equal(t, name, api.ErrorCode())
		require.Equal(t, "no", api.ErrorMessage())
		require.Equal(t, fault, api.ErrorFault())

		require.EqualError(t, newError(aws.String("no"), aws.String("Other")), "Other: no")
		require.Equal(t, "Other", newError(nil, aws.String("Other")).ErrorCode())
		require.Equal(t, name, newError(nil, nil).ErrorCode())
		require.Empty(t, newError(nil, nil).ErrorMessage())
	})
}
