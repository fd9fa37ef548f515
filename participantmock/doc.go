// SPDX-License-Identifier: Apache-2.0

// Package participantmock has a mock of connectparticipant.API, made by mockery on top of
// testify's mock, for the unit tests of projects that work with these.
//
//	api := participantmock.NewAPI(t)
//	api.EXPECT().SendMessage(mock.Anything, mock.Anything).Return(nil, &types.ThrottlingException{}).Once()
//
// It fits code that makes a call or two, where a test must see a certain answer, or that
// a certain call was made. Code that holds a chat is tested better with the fake of the
// service in package participanttest: it keeps what was sent, shows it to the other side,
// pushes it over WebSockets and knows the service's rules, where a mock agrees to
// everything, also to what the service refuses. A mock can't feed package chat at all,
// whose sessions need sockets. For a single method, a struct that embeds the interface is
// shorter than a mock; ExampleAPI of package connectparticipant shows one.
//
// An expectation of two arguments matches calls without options. Calls with options, be
// it one or several, match a third argument, which is the slice of them: mock.Anything,
// since functions can't be compared.
//
// The package needs github.com/stretchr/testify, which no other package of this module
// links into a program. The mock may be called by many goroutines at the same time.
package participantmock
