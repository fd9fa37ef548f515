// SPDX-License-Identifier: Apache-2.0

package participantmock_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participantmock"
	"github.com/participant-go/connectparticipant/types"
)

var _ connectparticipant.API = (*participantmock.API)(nil)

func TestErrorOfAMockedCall(t *testing.T) {
	t.Parallel()
	api := participantmock.NewAPI(t)
	api.EXPECT().SendMessage(mock.Anything, mock.Anything).Return(nil, &types.ThrottlingException{}).Once()

	_, err := api.SendMessage(t.Context(), &connectparticipant.SendMessageInput{})
	require.True(t, connectparticipant.IsThrottled(err))
}

func TestOptionsAreOneArgument(t *testing.T) {
	t.Parallel()
	plain, tuned := &connectparticipant.DescribeViewOutput{}, &connectparticipant.DescribeViewOutput{}
	api := participantmock.NewAPI(t)
	api.EXPECT().DescribeView(mock.Anything, mock.Anything).Return(plain, nil).Once()
	api.EXPECT().DescribeView(mock.Anything, mock.Anything, mock.Anything).Return(tuned, nil).Twice()
	call := func(optFns ...func(*connectparticipant.Options)) *connectparticipant.DescribeViewOutput {
		out, err := api.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{}, optFns...)
		require.NoError(t, err)
		return out
	}
	option := func(*connectparticipant.Options) {}
	require.Same(t, tuned, call(option))
	require.Same(t, tuned, call(option, option))
	require.Same(t, plain, call())
}

// reporter is a test that records its failures.
type reporter struct {
	reports  []string
	cleanups []func()
}

func (*reporter) Logf(string, ...any) {}
func (*reporter) FailNow()            {}
func (r *reporter) Errorf(format string, args ...any) {
	r.reports = append(r.reports, fmt.Sprintf(format, args...))
}
func (r *reporter) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func TestMissingCallFailsTheTest(t *testing.T) {
	t.Parallel()
	var r reporter
	participantmock.NewAPI(&r).EXPECT().SendEvent(mock.Anything, mock.Anything).Return(nil, nil)
	require.Len(t, r.cleanups, 1)
	r.cleanups[0]()
	require.Len(t, r.reports, 1)
	require.Contains(t, r.reports[0], "1 expectation(s)")
}
