package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// clockTick is the unit of CPU times in /proc, the same on every Linux (USER_HZ = 100).
	clockTick = 10 * time.Millisecond

	// Fields of /proc/PID/stat behind the name, which may hold spaces: utime and stime.
	userField   = 11
	systemField = 12
)

// cpuTime is what a process has used, in user and kernel mode.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("failed to read the CPU time of %d: %w", pid, err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= systemField {
		return 0, fmt.Errorf("failed to read the CPU time of %d: %q", pid, stat)
	}
	user, err := strconv.ParseInt(fields[userField], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("failed to read the CPU time of %d: %w", pid, err)
	}
	system, err := strconv.ParseInt(fields[systemField], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("failed to read the CPU time of %d: %w", pid, err)
	}
	return time.Duration(user+system) * clockTick, nil
}

// residentBytes is how much memory a process holds (VmRSS).
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("failed to read the memory of %d: %w", pid, err)
	}
	for line := range strings.Lines(string(status)) {
		rest, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kibibytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("failed to read the memory of %d: %w", pid, err)
		}
		return kibibytes << 10, nil
	}
	return 0, fmt.Errorf("failed to read the memory of %d: no VmRSS", pid)
}

// sum adds up what measure says of each process.
func sum[T int64 | time.Duration](pids []int, measure func(int) (T, error)) (T, error) {
	var total T
	for _, pid := range pids {
		one, err := measure(pid)
		if err != nil {
			return 0, err
		}
		total += one
	}
	return total, nil
}
