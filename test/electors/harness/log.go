package harness

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const workEvery = 50 * time.Millisecond

type Log struct {
	mu       sync.Mutex
	identity string
}

func NewLog(identity string) *Log { return &Log{identity: identity} }

type line struct {
	Mono     string `json:"mono"`
	Event    string `json:"event"`
	Identity string `json:"identity"`
}

// Event writes one line in one write, so that a kill cannot leave half of one in the middle.
func (l *Log) Event(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	encoded, _ := json.Marshal(line{Mono: monotonic(), Event: name, Identity: l.identity})
	_, _ = os.Stdout.Write(append(encoded, '\n'))
}

// Work says "work" for as long as ctx lasts: what the library's user would be doing as leader.
func (l *Log) Work(ctx context.Context) {
	ticker := time.NewTicker(workEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		l.Event("work")
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// monotonic is the kernel's own number, the same in every process: Go's time.Time hides it behind a process-local
// origin. As text, because nanoseconds outgrow a double.
func monotonic() string {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		Fail(err)
	}
	return strconv.FormatInt(ts.Nano(), 10)
}
