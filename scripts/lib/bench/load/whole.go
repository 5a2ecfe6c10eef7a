package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// runWhole asks for one answer after the other on each of its lanes, and reads each to its end.
func (j *job) runWhole() (*result, error) {
	c := newClient(j)
	for range j.WarmUp {
		if _, err := j.exchange(c, &result{}); err != nil {
			return nil, fmt.Errorf("warming up: %w", err)
		}
	}
	r := &result{MemoryBefore: memoryOf(j.Gateway)}
	firsts := make([][]int64, j.Streams)
	var started, failed atomic.Int64
	var failure atomic.Value
	m := j.meter()
	end := time.Now().Add(time.Duration(j.Seconds * float64(time.Second)))
	var wait sync.WaitGroup
	for lane := range j.Streams {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for time.Now().Before(end) && (j.Requests == 0 || started.Add(1) <= int64(j.Requests)) {
				first, err := j.exchange(c, r)
				if err != nil {
					failed.Add(1)
					failure.Store(err.Error())
					return
				}
				firsts[lane] = append(firsts[lane], first)
			}
		}()
	}
	wait.Wait()
	m.stop(r)
	var all []int64
	for _, lane := range firsts {
		all = append(all, lane...)
	}
	r.Requests, r.Failed, r.First = int64(len(all)), failed.Load(), spreadOf(all)
	if text, ok := failure.Load().(string); ok {
		r.Error = text
	}
	return r, nil
}

// exchange asks once; it returns the time to the first event, or to the whole answer.
func (j *job) exchange(c *client, r *result) (int64, error) {
	asked := j.spec("whole")
	start := time.Now()
	response, err := c.open(context.Background(), asked, !j.Unary)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if j.Unary {
		size, err := io.Copy(io.Discard, response.Body)
		if err == nil && size < int64(j.Bytes) {
			err = fmt.Errorf("an answer of %d bytes", size)
		}
		return time.Since(start).Nanoseconds(), err
	}
	var first, count int64
	err = events(response.Body, func(_, _ int64) {
		if count == 0 {
			first = time.Since(start).Nanoseconds()
		}
		count++
	})
	atomic.AddInt64(&r.Events, count)
	if err == nil && count < int64(j.Events) {
		err = fmt.Errorf("%d of %d events", count, j.Events)
	}
	return first, err
}

// runCancel leaves streams in their middle and asks upstream when it noticed.
func (j *job) runCancel() (*result, error) {
	left := map[string]int64{}
	var lock sync.Mutex
	var failed atomic.Int64
	var failure atomic.Value
	var wait sync.WaitGroup
	c := newClient(j)
	for lane := range j.Streams {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range j.Requests / j.Streams {
				id := fmt.Sprintf("c%d_%d_%d", time.Now().UnixNano(), lane, i)
				at, err := j.leave(c, id)
				if err != nil {
					failed.Add(1)
					failure.Store(err.Error())
					return
				}
				lock.Lock()
				left[id] = at
				lock.Unlock()
			}
		}()
	}
	wait.Wait()
	time.Sleep(settleWait)
	response, err := http.Get(j.Cancels)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	noticed := map[string]int64{}
	if err := json.NewDecoder(response.Body).Decode(&noticed); err != nil {
		return nil, err
	}
	r := &result{Requests: int64(len(left)), Failed: failed.Load()}
	var took []int64
	for id, at := range left {
		if noticed[id] == 0 {
			r.Unnoticed++
			continue
		}
		took = append(took, noticed[id]-at)
	}
	r.Cancel = spreadOf(took)
	if text, ok := failure.Load().(string); ok {
		r.Error = text
	}
	return r, nil
}

// leave opens a stream, reads three events and hangs up; it returns when.
func (j *job) leave(c *client, id string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), beginWait)
	defer cancel()
	asked := j.spec(id)
	asked.events = endless
	response, err := c.open(ctx, asked, true)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var at int64
	count := 0
	_ = events(response.Body, func(_, _ int64) {
		count++
		if count == 3 {
			at = time.Now().UnixNano()
			cancel()
		}
	})
	if at == 0 {
		return 0, fmt.Errorf("the stream ended early")
	}
	return at, nil
}
