package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A chunk as Mistral sends it; the time of writing stands where the words of the answer would.
const (
	chunkHead = `{"id":"5319bd0299614c679a0068a4f2c8ffd0","object":"chat.completion.chunk","created":1769088720,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":"`
	chunkTail = `"},"finish_reason":null,"logprobs":null}]}`
	lastChunk = chunkHead + `"},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":13,"total_tokens":21,"completion_tokens":8}}`
	answer    = `{"id":"5319bd0299614c679a0068a4f2c8ffd0","object":"chat.completion","created":1769088720,"model":"mistral-small-latest","choices":[{"index":0,"message":{"role":"assistant","tool_calls":null,"content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":13,"total_tokens":21,"completion_tokens":8}}`
)

var streamPattern = regexp.MustCompile(`"stream":\s*true`)

// cancels remembers when each exchange was seen to be cancelled, in nanoseconds since the epoch.
type cancels struct {
	sync.Mutex
	at map[string]int64
}

func serveUpstream(address string) error {
	seen := &cancels{at: map[string]int64{}}
	handler := http.NewServeMux()
	handler.HandleFunc("GET /cancels", func(w http.ResponseWriter, _ *http.Request) {
		seen.Lock()
		defer seen.Unlock()
		_ = json.NewEncoder(w).Encode(seen.at)
	})
	handler.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		asked, ok := parseSpec(body)
		if err != nil || !ok {
			http.Error(w, `{"message":"no bench prompt"}`, http.StatusBadRequest)
			return
		}
		if !streamPattern.Match(body) {
			w.Header().Set("content-type", "application/json")
			fmt.Fprintf(w, answer, strings.Repeat("word ", asked.bytes/5))
			return
		}
		w.Header().Set("content-type", "text/event-stream")
		if stream(w, r, asked) {
			return
		}
		now := time.Now().UnixNano()
		seen.Lock()
		seen.at[asked.id] = now
		seen.Unlock()
	})
	server := http.Server{Addr: address, Handler: handler}
	return server.ListenAndServe()
}

// stream writes an answer and says whether it could write all of it.
func stream(w http.ResponseWriter, r *http.Request, asked spec) bool {
	if asked.gap == 0 {
		return streamFast(w, asked)
	}
	flusher := w.(http.Flusher)
	padding := strings.Repeat("x", asked.bytes)
	event := []byte("data: " + chunkHead)
	timer := time.NewTimer(0)
	<-timer.C
	// Streams that were opened together must not tick together.
	next := time.Now().Add(time.Duration(rand.Int64N(int64(asked.gap))))
	for range asked.events {
		event = strconv.AppendInt(event[:len("data: ")+len(chunkHead)], time.Now().UnixNano(), 10)
		event = append(append(append(event, ' '), padding...), chunkTail+"\n\n"...)
		if _, err := w.Write(event); err != nil {
			return false
		}
		flusher.Flush()
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return false
		}
		next = next.Add(asked.gap)
	}
	_, err := io.WriteString(w, "data: "+lastChunk+"\n\ndata: [DONE]\n\n")
	return err == nil
}

// bulkEvents make about 4 KiB, which is what many servers collect before they write.
const bulkEvents = 18

// streamFast writes past net/http, whose flush takes longer than the system call that it makes.
func streamFast(w http.ResponseWriter, asked spec) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	each := 1
	if asked.bulk {
		each = bulkEvents
	}
	// LiteLLM takes a model that repeats itself for one that hangs.
	var writes [10][]byte
	for i := range writes {
		var events bytes.Buffer
		for j := range each {
			fmt.Fprintf(&events, "data: %sword%d%s%s\n\n", chunkHead, (i+j)%10, strings.Repeat("x", asked.bytes), chunkTail)
		}
		writes[i] = httpChunk(events.Bytes())
	}
	const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		return false
	}
	for i := 0; i < asked.events; i += each {
		if _, err := conn.Write(writes[i/each%len(writes)]); err != nil {
			return false
		}
	}
	last := httpChunk([]byte("data: " + lastChunk + "\n\ndata: [DONE]\n\n"))
	_, err = conn.Write(append(last, "0\r\n\r\n"...))
	return err == nil
}

func httpChunk(data []byte) []byte {
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data)
}
