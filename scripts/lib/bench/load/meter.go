package main

import (
	"os"
	"time"
)

// meter reads what the three processes have used so far.
type meter struct {
	job                     *job
	start                   time.Time
	gateway, load, upstream time.Duration
}

func (j *job) meter() meter {
	return meter{
		job: j, start: time.Now(),
		gateway: cpuOf(j.Gateway), load: cpuOf(os.Getpid()), upstream: cpuOf(j.Upstream),
	}
}

// stop writes into a result what was used since the start.
func (m meter) stop(r *result) {
	end := m.job.meter()
	r.WallSeconds = end.start.Sub(m.start).Seconds()
	r.GatewayCPU = (end.gateway - m.gateway).Seconds()
	r.LoadCPU = (end.load - m.load).Seconds()
	r.UpstreamCPU = (end.upstream - m.upstream).Seconds()
	r.MemoryAfter = memoryOf(m.job.Gateway)
	r.MemoryMost = max(r.MemoryMost, r.MemoryAfter)
}
