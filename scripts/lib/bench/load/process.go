package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

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

// cpuOfProcess reads the clock of a process' CPU time: in nanoseconds, and with the threads that have
// ended, which /proc/PID/task forgets. Its number is made as the C library's clock_getcpuclockid does.
func cpuOfProcess(pid int) time.Duration {
	const processWide = 2
	clock := uintptr(int32(^pid<<3 | processWide))
	var now syscall.Timespec
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		return 0
	}
	return time.Duration(now.Nano())
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
