// SPDX-License-Identifier: Apache-2.0

// Command floor sends one message with net/http and encoding/json alone.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	id, err := send(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = fmt.Fprintln(os.Stdout, id)
}

func send(ctx context.Context, url string) (id string, err error) {
	body, err := json.Marshal(struct{ ClientToken, Content, ContentType string }{"made-up", "hello", "text/plain"})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/participant/message", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amz-Bearer", "made-up")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %s", response.Status)
	}
	var out struct{ ID string }
	err = json.Unmarshal(data, &out)
	return out.ID, err
}
