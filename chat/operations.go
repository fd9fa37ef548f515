// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// DescribeView returns the view that a flow shows. viewToken is in the content of the message that
// announces it, which has the content type application/vnd.amazonaws.connect.message.interactive.
// DescribeView retries as Send does. The error is that of the operation DescribeView or the
// session's CloseError.
func (s *Session) DescribeView(ctx context.Context, viewToken string) (*types.View, error) {
	out, err := call(ctx, s, "DescribeView", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.DescribeViewOutput, error) {
		return s.client.DescribeView(ctx, &connectparticipant.DescribeViewInput{ConnectionToken: token, ViewToken: &viewToken}, once)
	})
	if err != nil {
		return nil, err
	}
	if out.View == nil {
		return nil, errors.New("describe view: the response has no view")
	}
	return out.View, nil
}

// GetAuthenticationURL returns the URL at which the customer signs in; it is a secret. sessionID is
// that of an [Authentication] with the Step "initiated", at most a minute old. redirectURI is where
// the login page sends the customer afterwards; the identity provider must allow it. Only a customer
// may call this operation. The error is that of the operation GetAuthenticationUrl or the session's
// CloseError.
func (s *Session) GetAuthenticationURL(ctx context.Context, sessionID, redirectURI string) (string, error) {
	out, err := call(ctx, s, "GetAuthenticationUrl", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.GetAuthenticationUrlOutput, error) {
		return s.client.GetAuthenticationUrl(ctx, &connectparticipant.GetAuthenticationUrlInput{
			ConnectionToken: token, SessionId: &sessionID, RedirectUri: &redirectURI,
		}, once)
	})
	if err != nil {
		return "", err
	}
	if aws.ToString(out.AuthenticationUrl) == "" {
		return "", errors.New("get authentication URL: the response has no URL")
	}
	return *out.AuthenticationUrl, nil
}

// CancelAuthentication cancels the authentication with the sessionID of an [Authentication], when
// the customer doesn't want to sign in. The error is that of the operation
// CancelParticipantAuthentication or the session's CloseError.
func (s *Session) CancelAuthentication(ctx context.Context, sessionID string) error {
	_, err := call(ctx, s, "CancelParticipantAuthentication", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.CancelParticipantAuthenticationOutput, error) {
		return s.client.CancelParticipantAuthentication(ctx, &connectparticipant.CancelParticipantAuthenticationInput{
			ConnectionToken: token, SessionId: &sessionID,
		}, once)
	})
	return err
}
