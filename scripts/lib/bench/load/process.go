package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of utime and stime: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// tree lists a process and all its descendants.
func tree(root int) []int {
	found := []int{root}
	for i := 0; i < len(found); i++ {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", found[i]))
		for _, list := range lists {
			children, _ := os.ReadFile(list)
			for _, child := range strings.Fields(string(children)) {
				if pid, err := strconv.Atoi(child); err == nil {
					found = append(found, pid)
				}
			}
		}
	}
	return found
}

// cpuOf is the CPU time, user and system, that a process tree has used.
func cpuOf(root int) time.Duration {
	if root == 0 {
		return 0
	}
	var sum time.Duration
	for _, pid := range tree(root) {
		sum += cpuOfProcess(pid)
	}
	return sum
}

// cpuOfProcess adds up the scheduler's own nanoseconds of all threads. The kernel derives utime and
// stime from the same count, but rounds them to 10 ms, which is much of what nginx uses.
func cpuOfProcess(pid int) time.Duration {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		ns, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.ParseInt(ns, 10, 64)
		sum += time.Duration(n)
	}
	if sum > 0 {
		return sum
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name before it is in parentheses and may hold spaces.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// memoryOf is the resident memory of a process tree in KiB.
func memoryOf(root int) int64 {
	if root == 0 {
		return 0
	}
	var sum int64
	for _, pid := range tree(root) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				sum += kib
			}
		}
	}
	return sum
}
