// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net/url"
	"strings"
)

// topics is the flag that subscribes HTTP endpoints to SNS topics.
type topics map[string]string

func (topics) String() string { return "" }

func (t topics) Set(text string) error {
	arn, address, _ := strings.Cut(text, "=")
	u, err := url.Parse(address)
	if !strings.HasPrefix(arn, "arn:") || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("use ARN=URL, such as arn:aws:sns:us-west-2:123456789012:chats=http://127.0.0.1:3000/sns")
	}
	t[arn] = address
	return nil
}
