// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/participanttest"
)

// checkService requires -real for a service that costs money.
func (c *loadTask) checkService() error {
	o := &c.options
	if err := c.checkEndpoint(); err != nil {
		return err
	}
	away := o.Region != "" || !isLocal(o.Endpoint)
	switch {
	case o.Region != "" && !regionForm.MatchString(o.Region):
		return usageError("-region must be the name of an AWS region, such as eu-west-2")
	case away && !c.real:
		return usageError("-real is missing: these chats are held outside this machine, and may cost money and reach people")
	case c.real && !away:
		return usageError("-real goes with -region, or with an -endpoint outside this machine")
	case o.Region != "" && c.tokenFile == "":
		return usageError("-region needs -tokens: StartChatContact at the service needs AWS credentials, which this command doesn't use")
	case c.tokenFile != "" && !c.isElsewhere():
		return usageError("-tokens needs -region or -endpoint")
	case c.access.caFile != "" && !c.isElsewhere():
		return usageError("-ca-file needs -endpoint or -region")
	default:
		return nil
	}
}

// isElsewhere reports whether the chats run outside this process.
func (c *loadTask) isElsewhere() bool { return c.options.Endpoint != "" || c.options.Region != "" }

// checkEndpoint refuses a user name, since the report shows the endpoint.
func (c *loadTask) checkEndpoint() error {
	address := c.options.Endpoint
	if address == "" {
		return nil
	}
	if err := checkEndpoint(address); err != nil {
		return err
	}
	if u, err := url.Parse(address); err != nil || u.User != nil {
		return usageError("-endpoint must not have a user name")
	}
	return nil
}

// isLocal reports whether an endpoint is on this machine. It also returns true for "".
func isLocal(address string) bool {
	u, err := url.Parse(address)
	return address == "" || err == nil && endpoint.IsLoopback(u.Hostname())
}

// startFake starts a fake with the quotas that the load keeps to.
func (c *loadTask) startFake() (*participanttest.Server, error) {
	srv, err := participanttest.New(func(o *participanttest.Options) {
		o.Throttle = !c.unlimited
		o.MaxSockets = 2*c.options.Chats + 100 // while a connection is replaced there are two
		o.Quotas = map[string]participanttest.Quota{}
		for operation, q := range c.raised {
			o.Quotas[operation] = participanttest.Quota(q)
		}
	})
	if err != nil {
		return nil, &stepError{"start the fake", err}
	}
	return srv, nil
}

// quotas returns the quotas that the load keeps to.
func (c *loadTask) quotas() map[string]chat.Quota {
	if c.unlimited {
		return nil
	}
	quotas := chat.DefaultQuotas()
	quotas["StartChatContact"] = chat.Quota{Rate: 5, Burst: 8} // Administrator Guide, "Amazon Connect service quotas"
	for operation, q := range c.raised {
		quotas[operation] = q
	}
	return quotas
}

func (c *loadTask) limiter() chat.Limiter {
	if c.unlimited {
		return chat.Unlimited
	}
	raised := quotaFlag{"StartChatContact": c.quotas()["StartChatContact"]}
	for operation, q := range c.raised {
		raised[operation] = q
	}
	return chat.NewQuotaLimiter(1, raised)
}

// announce prints what is about to happen, and which quotas slow it down.
func (c *loadTask) announce(service string) {
	o := &c.options
	starting := time.Duration(float64(o.Chats) / o.Rate * float64(time.Second))
	fmt.Fprintf(c.err, "%d chats on %s, %.4g a second, each for %s: about %s\n",
		o.Chats, terminal.Line(service), o.Rate, o.Duration, (starting + o.Duration).Round(time.Second))
	if c.unlimited {
		return
	}
	quotas := c.quotas()
	for _, need := range c.needs() {
		if q := quotas[need.operation]; need.rate > q.Rate*1.001 {
			fmt.Fprintf(c.err, "The load needs %.3g %s a second, of which the quota allows %.4g: it will be slower.\n", need.rate, need.operation, q.Rate)
		}
	}
}

type need struct {
	operation string
	rate      float64 // a second
}

// needs returns the requests a second that the load wants to make when most chats are connected.
func (c *loadTask) needs() []need {
	o := &c.options
	atOnce := math.Min(float64(o.Chats), o.Rate*o.Duration.Seconds())
	cuts := atOnce * float64(o.Cuts) / o.Duration.Seconds()
	needs := []need{
		{"CreateParticipantConnection", math.Min(o.Rate, float64(o.Chats)) + cuts},
		{"SendMessage", atOnce*o.Messages/60 + cuts},
	}
	if len(o.Tokens) == 0 {
		needs = append(needs, need{"StartChatContact", o.Rate})
	}
	if o.Leave {
		needs = append(needs, need{"DisconnectParticipant", o.Rate})
	}
	return needs
}

// quotaFlag are quotas by operation.
type quotaFlag map[string]chat.Quota

func (q quotaFlag) String() string {
	var texts []string
	for _, operation := range slices.Sorted(maps.Keys(q)) {
		texts = append(texts, fmt.Sprintf("%s=%g/%g", operation, q[operation].Rate, q[operation].Burst))
	}
	return strings.Join(texts, ",")
}

func (q quotaFlag) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		if err := q.set(one); err != nil {
			return err
		}
	}
	return nil
}

func (q quotaFlag) set(text string) error {
	operation, figures, _ := strings.Cut(text, "=")
	rate, burst, both := strings.Cut(figures, "/")
	var quota chat.Quota
	var err, errBurst error
	quota.Rate, err = strconv.ParseFloat(rate, 64)
	quota.Burst = math.Max(1, quota.Rate*1.5)
	if both {
		quota.Burst, errBurst = strconv.ParseFloat(burst, 64)
	}
	_, known := chat.DefaultQuotas()[operation]
	switch {
	case !known && operation != "StartChatContact":
		return fmt.Errorf("%q is not an operation with a quota", operation)
	case err != nil || errBurst != nil || !(quota.Rate >= 0.001 && quota.Rate <= 1e6 && quota.Burst >= 1 && quota.Burst <= 1e6):
		return errors.New("use OPERATION=RATE or OPERATION=RATE/BURST, such as SendMessage=50/75")
	}
	q[operation] = quota
	return nil
}

// commandLine formats the flags for a shell.
func (c *loadTask) commandLine() string {
	words := []string{"participant load"}
	c.flags.Visit(func(f *flag.Flag) { words = append(words, "-"+f.Name+"="+quoted(f.Value.String())) })
	return strings.Join(words, " ")
}

func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n\"'`$&|;<>()*?[]#~%!{}\\") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
