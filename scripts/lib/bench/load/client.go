package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Longest line read; an event of the bench has less, but for those that are meant to clog a reader.
const lineBytes = 256 * 1024

// client asks one gateway in the gateway's own way.
type client struct {
	http *http.Client
	job  *job
}

func newClient(j *job) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 8192, DisableCompression: true}
	return &client{http: &http.Client{Transport: transport}, job: j}
}

func (c *client) open(ctx context.Context, asked spec, streaming bool) (*http.Response, error) {
	type object = map[string]any
	var body object
	if c.job.Dialect == "stream" {
		body = object{"q": asked.prompt(), "model": c.job.Model, "max_tokens": 1000}
	} else {
		messages := []object{{"role": "user", "content": asked.prompt()}}
		body = object{"model": c.job.Model, "messages": messages, "stream": streaming, "max_tokens": 1000}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.job.URL, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("content-type", "application/json")
	for name, value := range c.job.Headers {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		told, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return nil, fmt.Errorf("status %d: %s", response.StatusCode, told)
	}
	return response, nil
}

// events reads an answer to its end and tells of each delta when it came and when it was written.
func events(body io.Reader, each func(arrived, written int64)) error {
	lines := bufio.NewReaderSize(body, lineBytes)
	ended := false
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case ended:
		case bytes.HasPrefix(line, []byte("data: {")):
			written := writtenAt(line)
			var arrived int64
			if written > 0 {
				arrived = time.Now().UnixNano()
			}
			each(arrived, written)
		case bytes.HasPrefix(line, []byte("event: done")), bytes.HasPrefix(line, []byte("data: [DONE]")):
			ended = true
		case bytes.HasPrefix(line, []byte("event: fault")):
			return fmt.Errorf("the stream failed")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var contentName = []byte(`"content":`)

// writtenAt is the time that the upstream wrote into a chunk, or 0 where there is none.
func writtenAt(line []byte) int64 {
	at := bytes.Index(line, contentName)
	if at < 0 {
		return 0
	}
	var ns int64
	for _, b := range line[at+len(contentName):] {
		switch {
		case b >= '0' && b <= '9':
			ns = ns*10 + int64(b-'0')
		case b == ' ' && ns == 0, b == '"' && ns == 0:
		default:
			return ns
		}
	}
	return ns
}
