// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// BenchmarkDecodePage reads a page of 100 items, and compares with encoding/json:
//
//	go test -run=NONE -bench=DecodePage -benchmem ./internal/restjson
func BenchmarkDecodePage(b *testing.B) {
	data := pageJSON(100)
	peers := []struct {
		name   string
		decode func(*page) error
	}{
		{"restjson", func(p *page) error { return restjson.Decode(data, p.read) }},
		{"encoding-json", func(p *page) error { return json.Unmarshal(data, p) }},
	}
	for _, peer := range peers {
		b.Run(peer.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				var got page
				require.NoError(b, peer.decode(&got))
			}
		})
	}
}
