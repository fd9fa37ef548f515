// SPDX-License-Identifier: Apache-2.0

package types

import smithy "github.com/aws/smithy-go"

// AccessDeniedException reports that the token does not permit the call: it is wrong, of the wrong
// kind (participant token or connection token), expired or from another region, or the chat has
// ended. The service does not distinguish these cases. HTTP status 403.
type AccessDeniedException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *AccessDeniedException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *AccessDeniedException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or AccessDeniedException.
func (e *AccessDeniedException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "AccessDeniedException")
}

// ErrorFault returns smithy.FaultClient.
func (e *AccessDeniedException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ConflictException reports that the call conflicts with the state of the chat or the attachment: a
// receipt in a chat of more than two participants, an attachment completed twice. HTTP status 409.
type ConflictException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *ConflictException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *ConflictException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or ConflictException.
func (e *ConflictException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "ConflictException")
}

// ErrorFault returns smithy.FaultClient.
func (e *ConflictException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// InternalServerException reports that the service failed. The client retries such calls. HTTP
// status 500.
type InternalServerException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *InternalServerException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *InternalServerException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or InternalServerException.
func (e *InternalServerException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "InternalServerException")
}

// ErrorFault returns smithy.FaultServer.
func (e *InternalServerException) ErrorFault() smithy.ErrorFault { return smithy.FaultServer }

// ResourceNotFoundException reports that a resource of the call does not exist. HTTP status 404.
type ResourceNotFoundException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string

	// ResourceId is the ID of the missing resource.
	ResourceId *string

	// ResourceType is the kind of the missing resource.
	ResourceType ResourceType
}

// Error returns the code and the service's message.
func (e *ResourceNotFoundException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *ResourceNotFoundException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or ResourceNotFoundException.
func (e *ResourceNotFoundException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "ResourceNotFoundException")
}

// ErrorFault returns smithy.FaultClient.
func (e *ResourceNotFoundException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ServiceQuotaExceededException reports that the call would exceed a quota of the Amazon Connect
// instance, such as attachments per chat. HTTP status 402.
type ServiceQuotaExceededException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *ServiceQuotaExceededException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *ServiceQuotaExceededException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or ServiceQuotaExceededException.
func (e *ServiceQuotaExceededException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "ServiceQuotaExceededException")
}

// ErrorFault returns smithy.FaultClient.
func (e *ServiceQuotaExceededException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ThrottlingException reports that the account exceeds its quota of calls per second, which all its
// chats share. The client retries such calls. HTTP status 429.
type ThrottlingException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *ThrottlingException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *ThrottlingException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or ThrottlingException.
func (e *ThrottlingException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "ThrottlingException")
}

// ErrorFault returns smithy.FaultClient.
func (e *ThrottlingException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ValidationException reports that the service refused a member of the request; the message may
// name it. HTTP status 400.
type ValidationException struct {
	// Message is the service's text.
	Message *string

	// ErrorCodeOverride, when set, is what ErrorCode returns.
	ErrorCodeOverride *string
}

// Error returns the code and the service's message.
func (e *ValidationException) Error() string { return errorText(e) }

// ErrorMessage returns the service's message, or "".
func (e *ValidationException) ErrorMessage() string { return value(e.Message, "") }

// ErrorCode returns ErrorCodeOverride, or ValidationException.
func (e *ValidationException) ErrorCode() string {
	return value(e.ErrorCodeOverride, "ValidationException")
}

// ErrorFault returns smithy.FaultClient.
func (e *ValidationException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func errorText(e smithy.APIError) string {
	return e.ErrorCode() + ": " + e.ErrorMessage()
}

func value(s *string, absent string) string {
	if s == nil {
		return absent
	}
	return *s
}
