// Command apiserver is a real kube-apiserver with its own etcd in one process, for tests.
//
// Data does not outlive a temporary directory. With --dir the directory, its certificates and its data stay,
// so that a second start with the same --dir and --port is the same cluster after an outage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type flags struct {
	dir          string
	port         int
	watchCache   bool
	exitOnStdin  bool
	readyTimeout time.Duration
}

func main() {
	var f flags
	flag.StringVar(&f.dir, "dir", "", "directory for kubeconfig, certificates and data; kept on exit (default: a temporary one, removed)")
	flag.IntVar(&f.port, "port", 0, "port of the API server on 127.0.0.1 (default: a free one)")
	flag.BoolVar(&f.watchCache, "watch-cache", true, "with =false every list and watch goes to etcd, so that POST /compact makes old resourceVersions 410")
	flag.BoolVar(&f.exitOnStdin, "exit-with-stdin", false, "end when stdin closes, as it does when the parent dies")
	flag.DurationVar(&f.readyTimeout, "ready-timeout", 2*time.Minute, "give up when not ready by then")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "apiserver: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	os.Exit(run(f))
}

func run(f flags) int {
	// Asked for before anything is made: a signal during start must clean up too.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if f.exitOnStdin {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}

	err := serve(ctx, f)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, f flags) error {
	dir, remove, err := workDir(f.dir)
	if err != nil {
		return err
	}
	defer remove()

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", f.port))
	if err != nil {
		return err
	}
	c, err := writeCluster(dir, "https://"+listener.Addr().String())
	if err != nil {
		return err
	}

	etcd, err := startEtcd(ctx, filepath.Join(dir, "etcd"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	if err := serveControl(c.control, etcd); err != nil {
		return err
	}
	died := make(chan error, 1)
	go func() {
		died <- runAPIServer(c, listener, etcd.endpoint, f.watchCache)
	}()
	go func() {
		if err := awaitReady(ctx, c, f.readyTimeout); err != nil {
			died <- err
			return
		}
		fmt.Printf("ready %s\n", c.kubeconfig)
	}()

	select {
	case <-ctx.Done():
		// The process just ends, etcd with it: a graceful shutdown takes seconds for open watches, and what etcd has
		// written survives the end of a process (though not, without fsync, of the machine).
		return ctx.Err()
	case err := <-died:
		if err == nil {
			err = errors.New("kube-apiserver ended by itself")
		}
		return err
	}
}

func workDir(given string) (dir string, remove func(), err error) {
	if given != "" {
		dir, err = filepath.Abs(given)
		if err != nil {
			return "", nil, err
		}
		return dir, func() {}, os.MkdirAll(dir, 0o700)
	}
	dir, err = os.MkdirTemp("", "kle-apiserver-")
	remove = func() {
		// etcd is still alive and may add a file while the tree is being removed.
		for range 5 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return dir, remove, err
}
