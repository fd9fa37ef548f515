package redact

import (
	"encoding/json"
	"log/slog"
)

// LogValue returns v, as JSON without its secrets, for log/slog.
func LogValue(v any) slog.Value {
	data, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(Mark)
	}
	return slog.AnyValue(json.RawMessage(JSON(data)))
}
