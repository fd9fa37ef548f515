// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// gate reports to one chat when the shared limiter admits its calls.
type gate struct {
	chat.Limiter
	admitted func(operation string, waited time.Duration)
}

func (g *gate) Wait(ctx context.Context, operation string, priority chat.Priority) error {
	begin := time.Now()
	if err := g.Limiter.Wait(ctx, operation, priority); err != nil {
		return err
	}
	g.admitted(operation, time.Since(begin))
	return nil
}
