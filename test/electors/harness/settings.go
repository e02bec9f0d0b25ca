// Package harness is what the electors under test share: where their settings come from and how they say what they do.
// Nothing in it touches an election library.
package harness

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type Settings struct {
	Namespace     string
	Lease         string
	Identity      string
	LeaseDuration time.Duration
	RenewDeadline time.Duration
	RetryPeriod   time.Duration
	Release       bool
	Events        bool
}

func FromEnvironment() Settings {
	return Settings{
		Namespace:     text("ELECTOR_NAMESPACE", "default"),
		Lease:         text("ELECTOR_LEASE", ""),
		Identity:      text("ELECTOR_IDENTITY", ""),
		LeaseDuration: duration("ELECTOR_LEASE_DURATION", 15*time.Second),
		RenewDeadline: duration("ELECTOR_RENEW_DEADLINE", 10*time.Second),
		RetryPeriod:   duration("ELECTOR_RETRY_PERIOD", 2*time.Second),
		Release:       text("ELECTOR_RELEASE", "") == "1",
		Events:        text("ELECTOR_EVENTS", "") == "1",
	}
}

// Context ends at SIGTERM or SIGINT, as an operator's main would have it.
func Context() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if text("ELECTOR_EXIT_WITH_STDIN", "") == "1" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			// Whoever started us is dead: not a shutdown to be polite about.
			os.Exit(1)
		}()
	}
	return ctx
}

func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

func text(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func duration(name string, otherwise time.Duration) time.Duration {
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	parsed, err := time.ParseDuration(value)
	if err != nil {
		Fail(fmt.Errorf("%s: %w", name, err))
	}
	return parsed
}
