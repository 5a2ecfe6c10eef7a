package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// All streams must have begun by then.
	beginWait = 60 * time.Second
	// From the last stream's begin to the window, so that opening is not measured.
	settleWait = 500 * time.Millisecond
	// An answer that outlasts every window.
	endless = 1 << 30
	// Streams that are being opened at once: listen queues are short.
	openingAtOnce = 64
	// Of the reader that does not read: 100 MB in events of 10 KB.
	stuckEvents, stuckBytes = 10_000, 10_000
)

// runWindow opens streams that outlast it and looks at them for a while. With clogged, one more
// reader asks for 100 MB as fast as it goes and never reads.
func (j *job) runWindow(clogged bool) (*result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := newClient(j)
	r := &result{MemoryBefore: memoryOf(j.Gateway)}
	var open atomic.Bool
	var begun, ended, seen atomic.Int64
	var failure atomic.Value
	readers := make([]windowReader, j.Streams)
	opening := make(chan struct{}, openingAtOnce)
	var wait sync.WaitGroup
	for i := range readers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			asked := j.spec(fmt.Sprintf("w%d", i))
			asked.events = endless
			opening <- struct{}{}
			response, err := c.open(ctx, asked, true)
			<-opening
			first := true
			if err == nil {
				defer response.Body.Close()
				err = events(response.Body, func(arrived, written int64) {
					if first {
						begun.Add(1)
						first = false
					}
					if open.Load() {
						seen.Add(1)
						readers[i].note(arrived, written)
					}
				})
			}
			if ctx.Err() == nil {
				ended.Add(1)
				failure.Store(fmt.Sprint(err))
			}
		}()
	}
	for limit := time.Now().Add(beginWait); int(begun.Load()) < j.Streams; time.Sleep(10 * time.Millisecond) {
		if ended.Load() > 0 || time.Now().After(limit) {
			cancel()
			return nil, fmt.Errorf("%d of %d streams began: %v", begun.Load(), j.Streams, failure.Load())
		}
	}
	time.Sleep(settleWait)
	if clogged {
		r.MemoryBefore = memoryOf(j.Gateway)
		response, err := j.clog(ctx, c)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
	}
	m := j.meter()
	open.Store(true)
	for end := time.Now().Add(time.Duration(j.Seconds * float64(time.Second))); time.Now().Before(end); {
		time.Sleep(min(200*time.Millisecond, time.Until(end)))
		if clogged {
			r.MemoryMost = max(r.MemoryMost, memoryOf(j.Gateway))
		}
	}
	m.stop(r)
	open.Store(false)
	r.Events, r.Failed = seen.Load(), ended.Load()
	cancel()
	wait.Wait()
	var transit, gaps []int64
	for _, reader := range readers {
		transit = append(transit, reader.transit...)
		gaps = append(gaps, reader.gaps...)
	}
	r.Transit, r.Gap = spreadOf(transit), spreadOf(gaps)
	return r, nil
}

// clog asks for 100 MB and reads none of it.
func (j *job) clog(ctx context.Context, c *client) (*http.Response, error) {
	asked := spec{events: stuckEvents, bytes: stuckBytes, id: "stuck"}
	return c.open(ctx, asked, true)
}

// windowReader keeps the times of one stream.
type windowReader struct {
	transit, gaps []int64
	last          int64
}

func (w *windowReader) note(arrived, written int64) {
	if written == 0 {
		return
	}
	transit := arrived - written
	w.transit = append(w.transit, transit)
	if len(w.transit) > 1 {
		w.gaps = append(w.gaps, transit-w.last)
	}
	w.last = transit
}
