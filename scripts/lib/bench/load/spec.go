package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// spec is what a prompt asks of the simulated upstream. It travels in the prompt, because that is the
// one thing that every gateway passes on untouched.
type spec struct {
	events int           // deltas, before the one with the finish reason
	gap    time.Duration // between events; 0 is as fast as it can
	bulk   bool          // written 4 KiB at a time instead of event by event
	bytes  int           // of the content of each event, or of an answer that is not streamed
	id     string        // names the exchange, so that a cancel can be found again
}

var specPattern = regexp.MustCompile(`bench events=(\d+) gap_us=(\d+) bulk=(\w+) bytes=(\d+) id=(\w+);`)

func (s spec) prompt() string {
	return fmt.Sprintf("bench events=%d gap_us=%d bulk=%t bytes=%d id=%s;",
		s.events, s.gap.Microseconds(), s.bulk, s.bytes, s.id)
}

func parseSpec(body []byte) (spec, bool) {
	found := specPattern.FindSubmatch(body)
	if found == nil {
		return spec{}, false
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(string(found[i]))
		return n
	}
	gap := time.Duration(number(2)) * time.Microsecond
	bulk := string(found[3]) == "true"
	return spec{events: number(1), gap: gap, bulk: bulk, bytes: number(4), id: string(found[5])}, true
}
