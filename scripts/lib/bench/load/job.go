package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// job is one measurement of one gateway.
type job struct {
	Kind    string // window, whole, cancel, stuck
	URL     string // where the gateway takes chat completions
	Dialect string // chat, or stream for our own endpoint
	Model   string
	Headers map[string]string

	Gateway  int // process ids, whose CPU time and memory are read
	Upstream int

	Streams  int // side by side
	Events   int // of each answer
	GapUs    int // between events
	Bulk     bool
	Bytes    int // of each event's content
	Seconds  float64
	WarmUp   int // exchanges before the measurement
	Unary    bool
	Requests int    // at most so many
	Cancels  string // where the upstream tells of cancels
}

// result is what a job measured; fields that its kind does not have are 0.
type result struct {
	Events      int64   `json:"events"`
	Requests    int64   `json:"requests"`
	Failed      int64   `json:"failed"`
	Error       string  `json:"error,omitempty"`
	// Cancelled exchanges that upstream has not heard of some time later.
	Unnoticed   int64   `json:"unnoticed"`
	WallSeconds float64 `json:"wallSeconds"`
	// CPU seconds used meanwhile, by whom.
	GatewayCPU  float64 `json:"gatewayCpu"`
	LoadCPU     float64 `json:"loadCpu"`
	UpstreamCPU float64 `json:"upstreamCpu"`
	// Resident KiB of the gateway.
	MemoryBefore int64 `json:"memoryBefore"`
	MemoryAfter  int64 `json:"memoryAfter"`
	MemoryMost   int64 `json:"memoryMost"`
	// Microseconds: from writing to arrival; by how much a gap grew on the way; from asking to the
	// first event, or to the whole answer; from leaving to upstream's notice.
	Transit spread `json:"transit"`
	Gap     spread `json:"gap"`
	First   spread `json:"first"`
	Cancel  spread `json:"cancel"`
}

// spread sums up samples.
type spread struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Most  float64 `json:"most"`
}

// spreadOf takes nanoseconds and gives microseconds.
func spreadOf(samples []int64) spread {
	if len(samples) == 0 {
		return spread{}
	}
	slices.Sort(samples)
	at := func(share float64) float64 {
		return float64(samples[int(share*float64(len(samples)-1)+0.5)]) / 1000
	}
	return spread{Count: len(samples), P50: at(0.5), P99: at(0.99), Most: at(1)}
}

func readJob(text string) (*job, error) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return nil, err
	}
	if j.Model == "" {
		j.Model = "mistral-small-latest"
	}
	return &j, nil
}

func (j *job) run() (*result, error) {
	switch j.Kind {
	case "window":
		return j.runWindow(false)
	case "stuck":
		return j.runWindow(true)
	case "whole":
		return j.runWhole()
	case "cancel":
		return j.runCancel()
	}
	return nil, fmt.Errorf("there is no job %q", j.Kind)
}

func (j *job) spec(id string) spec {
	gap := time.Duration(j.GapUs) * time.Microsecond
	return spec{events: j.Events, gap: gap, bulk: j.Bulk, bytes: j.Bytes, id: id}
}
